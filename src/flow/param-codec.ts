import { MillraceError } from '../base/errors.js'

/**
 * Parameters travel inside the plan, which is JSON. What JSON lacks is written as an object with one key that begins with `$`:
 * `{ $int64: '5' }`, `{ $number: 'NaN' }`, `{ $date: 0 }`, `{ $bytes: 'AAE=' }`; `{ $object: {...} }` wraps a user's object that looks like one.
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

export function decodeParams(params: object): { [name: string]: unknown } {
  return decodeEntries(params)
}

/** The value that `encodeParam` was given; fresh objects every time. */
export function decodeParam(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(decodeParam)
  if (!looksTagged(value)) return decodeEntries(value)
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
    default:
      return decodeEntries(inner as object)
  }
}

function decodeEntries(value: object): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decodeParam(item)]))
}

const TAGS = new Set(['$number', '$int64', '$date', '$bytes', '$object'])

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
