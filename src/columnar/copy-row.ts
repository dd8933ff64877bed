import { isBytes } from './bytes.js'
import { isPlain } from './record.js'
import { NESTING_MAX, type Row } from './schema.js'

/**
 * A copy of a row: a function may change whatever it likes in one of them, also inside lists, objects, dates and bytes. Only what no column holds, such
 * as a Map, or what is nested deeper than a column allows, is the same in both.
 */
export function copyRow(row: Row): Row {
  return copyMembers(row, 0)
}

function copyMembers(record: Row, depth: number): Row {
  const copy: Row = { ...record }
  for (const name in copy) {
    const value = copy[name]
    if (typeof value === 'object' && value !== null) copy[name] = copyObject(value, depth)
  }
  return copy
}

function copyObject(value: object, depth: number): unknown {
  if (depth === NESTING_MAX) return value
  if (Array.isArray(value)) {
    return value.map((inner: unknown) => (typeof inner === 'object' && inner !== null ? copyObject(inner, depth + 1) : inner))
  }
  if (value instanceof Date) return new Date(value)
  // As it is called here, a Buffer becomes a Buffer with memory of its own.
  if (isBytes(value)) return Uint8Array.prototype.slice.call(value)
  return isPlain(value) ? copyMembers(value, depth + 1) : value
}
