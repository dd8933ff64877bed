import { Buffer } from 'node:buffer'
import { copyOfBytes, isBytes } from './bytes.js'
import { isPlain } from './record.js'
import { NESTING_MAX, type Row } from './schema.js'

/** V8 cuts strings of this length and more as a window into the string they are cut from, which then stays alive. */
const WINDOW_CHARS_MIN = 13

/**
 * The same value, without what it would keep alive: the text of the batch that a string of 13 chars or more was cut from, the memory that
 * bytes are a part of; also inside lists and objects, of which one that holds such is copied. For what is kept longer than its batch
 * although most of the batch is not: the key of a new group, a row among the top ten. About 0.1 us per long string, nothing for the rest.
 */
export function detach<T>(value: T): T
export function detach(value: unknown): unknown {
  return detached(value, 0) ?? value
}

/** `detach` for each value of a row, in place. Returns the row. */
export function detachRow(row: Row): Row {
  for (const name of Object.keys(row)) {
    const own = detached(row[name], 0)
    if (own !== undefined) row[name] = own
  }
  return row
}

/** The same for its bytes, lists and objects alone. */
export function detachObjects(row: Row): void {
  for (const name of Object.keys(row)) {
    const own = typeof row[name] === 'object' ? detached(row[name], 0) : undefined
    if (own !== undefined) row[name] = own
  }
}

/** Undefined where the value keeps nothing else alive. What is nested deeper than a column allows stays as it is. */
function detached(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length < WINDOW_CHARS_MIN ? undefined : copyOfText(value)
  if (typeof value !== 'object' || value === null || value instanceof Date) return undefined
  if (isBytes(value)) return value.byteLength < value.buffer.byteLength ? copyOfBytes(value) : undefined
  if (depth === NESTING_MAX) return undefined
  if (Array.isArray(value)) return detachedList(value, depth + 1)
  return isPlain(value) ? detachedMembers(value, depth + 1) : undefined
}

function copyOfText(text: string): string {
  const encoding = Buffer.byteLength(text) === text.length ? 'latin1' : 'utf16le'
  return Buffer.from(text, encoding).toString(encoding)
}

function detachedMembers(record: Row, depth: number): Row | undefined {
  let copy: Row | undefined
  for (const name of Object.keys(record)) {
    const own = detached(record[name], depth)
    if (own === undefined) continue
    copy ??= { ...record }
    copy[name] = own
  }
  return copy
}

function detachedList(list: readonly unknown[], depth: number): unknown[] | undefined {
  let copy: unknown[] | undefined
  for (let i = 0; i < list.length; i++) {
    const own = detached(list[i], depth)
    if (own === undefined) continue
    copy ??= [...list]
    copy[i] = own
  }
  return copy
}
