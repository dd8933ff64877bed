import type { Row } from './schema.js'

/**
 * An object by its own keys: a plain one as it is, an instance of a class as a plain copy. Undefined for anything else, also for arrays,
 * Dates, Maps, Promises, bytes and other built-in objects: their content is not in their keys.
 */
export function recordOf(value: unknown): Row | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (isPlain(value)) return value
  if (Array.isArray(value) || Object.prototype.toString.call(value) !== '[object Object]') return undefined
  return { ...value }
}

export function isPlain(value: object): value is Row {
  const prototype = Object.getPrototypeOf(value) as unknown
  return prototype === Object.prototype || prototype === null
}
