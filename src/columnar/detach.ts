import { Buffer } from 'node:buffer'
import { copyOfBytes, isBytes } from './bytes.js'
import { isPlain } from './record.js'
import { NESTING_MAX, type Row } from './schema.js'

/** V8 cuts strings of this length and more as a window into the string they are cut from, which then stays alive. */
const WINDOW_CHARS_MIN = 13

/**
 * The same value, without what it would keep alive: the text of the batch that a string of 13 chars or more was cut from, the memory that
 * bytes are a part of; also inside lists and objects. For what is kept longer than its batch although most of the batch is not: the key of
 * a new group, a row among the top ten. About 0.1 us per long string, nothing for the rest.
 */
export function detach<T>(value: T): T
export function detach(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) return detachObject(value, 0)
  return typeof value === 'string' && value.length >= WINDOW_CHARS_MIN ? copyOfText(value) : value
}

/** `detach` for each value of a row, in place. Returns the row. */
export function detachRow(row: Row): Row {
  return detachMembers(row, 0)
}

/** The same for its bytes, lists and objects alone. */
export function detachObjects(row: Row): void {
  for (const name of Object.keys(row)) {
    const value = row[name]
    if (typeof value === 'object' && value !== null) row[name] = detachObject(value, 0)
  }
}

function detachMembers(row: Row, depth: number): Row {
  for (const name of Object.keys(row)) {
    const value = row[name]
    if (typeof value === 'string') {
      if (value.length >= WINDOW_CHARS_MIN) row[name] = copyOfText(value)
    } else if (typeof value === 'object' && value !== null) {
      const own = detachObject(value, depth)
      if (own !== value) row[name] = own
    }
  }
  return row
}

function copyOfText(text: string): string {
  const encoding = Buffer.byteLength(text) === text.length ? 'latin1' : 'utf16le'
  return Buffer.from(text, encoding).toString(encoding)
}

/** A list or an object that may not be changed becomes another one. What is nested deeper than a column allows stays as it is. */
function detachObject(value: object, depth: number): object {
  if (value instanceof Date) return value
  if (isBytes(value)) return value.byteLength < value.buffer.byteLength ? copyOfBytes(value) : value
  if (depth === NESTING_MAX) return value
  if (Array.isArray(value)) return detachList(value, depth + 1)
  return isPlain(value) ? detachMembers(Object.isFrozen(value) ? { ...value } : value, depth + 1) : value
}

function detachList(list: unknown[], depth: number): unknown[] {
  const own = Object.isFrozen(list) ? [...list] : list
  for (let i = 0; i < own.length; i++) {
    const value = own[i]
    if (typeof value === 'string') {
      if (value.length >= WINDOW_CHARS_MIN) own[i] = copyOfText(value)
    } else if (typeof value === 'object' && value !== null) own[i] = detachObject(value, depth)
  }
  return own
}
