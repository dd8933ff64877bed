import type { Row } from '../../columnar/schema.js'

const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER)

/** A value as JSON has it: bigint a number within 2^53, else a string; binary base64. NaN and Infinity become null in `stringify`. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return -SAFE_MAX <= value && value <= SAFE_MAX ? Number(value) : value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return base64(value)
  if (Array.isArray(value)) return value.map(plain)
  return plainRow(value as Row)
}

/** Built without a prototype's setters in the way: a column may be called `__proto__`. */
function plainRow(row: Readonly<Row>): Row {
  const result: Row = Object.create(null)
  for (const name of Object.keys(row)) result[name] = plain(row[name])
  return result
}

/** Whether JSON has a row as it is: no need of a copy. */
function isPlain(row: Readonly<Row>): boolean {
  if (Object.getPrototypeOf(row) !== Object.prototype) return false
  for (const name of Object.keys(row)) {
    const value = row[name]
    if (typeof value === 'bigint' || (typeof value === 'object' && value !== null && !(value instanceof Date))) return false
  }
  return true
}

export function base64(value: ArrayBuffer | ArrayBufferView): string {
  const bytes = ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.from(value)
  return bytes.toString('base64')
}

/** One value as JSON text; `undefined` is null. */
export function jsonText(value: unknown): string {
  return JSON.stringify(plain(value)) ?? 'null'
}

/** One row as one line of JSON. */
export function jsonLine(row: Readonly<Row>): string {
  return `${JSON.stringify(isPlain(row) ? row : plainRow(row))}\n`
}
