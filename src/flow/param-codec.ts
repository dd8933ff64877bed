import { MillraceError } from '../base/errors.js'

/** The name of an environment variable, in the place of its value. */
export class EnvRef {
  constructor(readonly name: string) {}
}

/** What stands for a variable. */
type Resolve = (ref: EnvRef) => unknown

/**
 * A parameter that is a secret: the value of an environment variable, as text, which each worker looks up for itself. Neither the plan nor
 * what is printed of it has the value. A variable that is not set ends the run with `ParamInvalid`. Throws `InvalidArgument` without a name.
 */
export function env(name: string): string {
  if (typeof name !== 'string' || name === '') throw new MillraceError('InvalidArgument', 'env() takes the name of an environment variable')
  return new EnvRef(name) as unknown as string
}

/**
 * Parameters travel inside the plan, which is JSON. What JSON lacks is written as an object with one key that begins with `$`:
 * `{ $int64: '5' }`, `{ $number: 'NaN' }`, `{ $date: 0 }`, `{ $bytes: 'AAE=' }`, `{ $env: 'NAME' }`; `{ $object: {...} }` wraps a user's object
 * that looks like one.
 */
export function encodeParam(value: unknown, where: string, parents: readonly object[] = []): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: Object.is(value, -0) ? '-0' : String(value) }
    case 'bigint':
      return { $int64: String(value) }
    case 'object':
      return value === null ? null : encodeObject(value, where, parents)
    default:
      throw invalid(where, typeof value)
  }
}

function encodeObject(value: object, where: string, parents: readonly object[]): unknown {
  if (parents.includes(value)) throw invalid(where, 'circular')
  if (value instanceof EnvRef) return { $env: value.name }
  const path = [...parents, value]
  if (Array.isArray(value)) return Array.from(value, (item, i) => encodeParam(item, `${where}[${i}]`, path))
  if (value instanceof Date) return { $date: encodeParam(value.getTime(), where) }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
  if (!isPlain(value)) throw invalid(where, `an instance of ${value.constructor?.name || 'a class'}`)
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  const encoded = Object.fromEntries(entries.map(([key, item]) => [key, encodeParam(item, `${where}.${key}`, path)]))
  return looksTagged(encoded) ? { $object: encoded } : encoded
}

/** The parameters of one stage: `encodeParam` for each. */
export function encodeParams(params: object, where: string): { [name: string]: unknown } {
  const given = Object.entries(params).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, encodeParam(value, `${where} ${name}`)]))
}

/** The parameters of one stage, in a worker: with the variables of its environment. @throws MillraceError `ParamInvalid` where one is not set */
export function decodeParams(
  params: object,
  env: { readonly [name: string]: string | undefined } = process.env,
): { [name: string]: unknown } {
  return decodeEntries(params, ({ name }) => {
    const value = env[name]
    if (value !== undefined) return value
    throw new MillraceError('ParamInvalid', `env(${JSON.stringify(name)}): the worker has no environment variable of that name: set it`)
  })
}

/** The value that `encodeParam` was given; fresh objects every time. */
export function decodeParam(value: unknown, resolve: Resolve = (ref) => ref): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => decodeParam(item, resolve))
  if (!looksTagged(value)) return decodeEntries(value, resolve)
  const [[tag, inner]] = Object.entries(value) as [[string, unknown]]
  switch (tag) {
    case '$number':
      return Number(inner)
    case '$int64':
      return BigInt(inner as string)
    case '$date':
      return new Date(decodeParam(inner) as number)
    case '$bytes':
      return new Uint8Array(Buffer.from(inner as string, 'base64'))
    case '$env':
      return resolve(new EnvRef(inner as string))
    default:
      return decodeEntries(inner as object, resolve)
  }
}

function decodeEntries(value: object, resolve: Resolve): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decodeParam(item, resolve)]))
}

const TAGS = new Set(['$number', '$int64', '$date', '$bytes', '$env', '$object'])

function looksTagged(value: object): boolean {
  const keys = Object.keys(value)
  return keys.length === 1 && TAGS.has(keys[0])
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

function invalid(where: string, what: string): MillraceError {
  return new MillraceError('ParamInvalid', `parameter ${where} is ${what}: a plan holds plain data only; build the rest in \`setup\``)
}
