/** In place of an input's type: the member of this name cannot be sent to a worker. */
export interface SendPlainDataInsteadOf<Member extends string> {
  readonly cannotBeSent: Member
}

type Plain =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Date
  | RegExp
  | Error
  | ArrayBuffer
  | ArrayBufferView
  // biome-ignore lint/complexity/noBannedTypes: as boxed values they can be sent.
  | Boolean
  | ReadonlySet<Plain>

type Never =
  | symbol
  | ((...args: never[]) => unknown)
  | PromiseLike<unknown>
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | WeakRef<WeakKey>
  | SharedArrayBuffer

/** What the handler reads from the caller: it is not copied. */
type Read = AsyncIterable<unknown> | (Iterable<unknown> & Iterator<unknown>)

type Deeper<Depth extends unknown[]> = [...Depth, 1]
type Named<Path extends string, Key extends string> = Path extends '' ? Key : `${Path}.${Key}`

/**
 * The members of `T` that cannot be sent, by name; `never` where all can, as far as types tell: private members, and what a class makes of
 * its copy, they do not see. Looks no deeper than five levels.
 */
export type Unsendable<T, Path extends string = '', Depth extends unknown[] = []> = Depth['length'] extends 5
  ? never
  : unknown extends T
    ? never
    : T extends Plain
      ? never
      : T extends Never
        ? Path extends ''
          ? 'the input itself'
          : Path
        : T extends Read
          ? Depth['length'] extends 0 | 1
            ? never
            : Path
          : T extends ReadonlyMap<infer K, infer V>
            ? Unsendable<K, Named<Path, '(key)'>, Deeper<Depth>> | Unsendable<V, Named<Path, '(value)'>, Deeper<Depth>>
            : T extends ReadonlySet<infer V>
              ? Unsendable<V, Named<Path, '(value)'>, Deeper<Depth>>
              : T extends readonly (infer E)[]
                ? Unsendable<E, Named<Path, '(element)'>, Deeper<Depth>>
                : T extends object
                  ? { [K in keyof T & string]-?: Unsendable<T[K], Named<Path, K>, Deeper<Depth>> }[keyof T & string]
                  : never
