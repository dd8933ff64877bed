import { MillraceError } from '../base/errors.js'

/** Makes values bytes and bytes values: batches of columns, or whatever a library has a format for. */
export interface Codec<T> {
  /** The bytes are copied at once: their memory may be used again. */
  encode(value: T): Uint8Array
  /** The bytes are the value's own, to keep views of, unless the call says `reuse`. */
  decode(bytes: Uint8Array): T
}

// biome-ignore lint/suspicious/noExplicitAny: the values are the handler's own.
export type AnyCodec = Codec<any>

/** By the names of handlers. */
export type Codecs = Readonly<Record<string, AnyCodec>>

/** Throws `InvalidArgument` where a handler lacks its codec, or one is given that no handler has. */
export function checkCodecs(procedures: readonly { readonly name: string; readonly isCoded: boolean }[], codecs: Codecs): void {
  const coded = procedures.filter(({ isCoded }) => isCoded).map(({ name }) => name)
  for (const name of Object.keys(codecs)) {
    if (coded.includes(name)) continue
    throw new MillraceError('InvalidArgument', `connect: codecs has '${name}', which is no handler marked with coded()`)
  }
  for (const name of coded) {
    if (Object.hasOwn(codecs, name)) continue
    throw new MillraceError(
      'InvalidArgument',
      `connect: the handler '${name}' is marked with coded(): give its codec, { codecs: { ${name} } }`,
    )
  }
}

/** What a codec made of a value. Throws `InvalidArgument` where that is no `Uint8Array`. */
export function encodedBy(codec: AnyCodec, value: unknown): Uint8Array {
  const bytes: unknown = codec.encode(value)
  if (bytes instanceof Uint8Array) return bytes
  throw new MillraceError('InvalidArgument', 'coded: encode has to return a Uint8Array')
}
