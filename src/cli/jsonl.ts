import type { Row } from './load.js'

/** A value as JSON has it: bigint a number within 2^53, else a string; binary base64. NaN and Infinity become null in `stringify`. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint')
    return BigInt(Number.MIN_SAFE_INTEGER) <= value && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64')
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  return plainRow(value as Row)
}

/** Built without a prototype's setters in the way: a column may be called `__proto__`. */
function plainRow(row: Row): Record<string, unknown> {
  const result: Record<string, unknown> = Object.create(null)
  for (const name of Object.keys(row)) result[name] = plain(row[name])
  return result
}

/** One value as JSON text; `undefined` is null. */
export function toJson(value: unknown): string {
  return JSON.stringify(plain(value)) ?? 'null'
}

/** One row as one line of JSON. */
export function jsonLine(row: Row): string {
  return `${JSON.stringify(plainRow(row))}\n`
}
