import { compareValues } from './order.js'
import { recordOf } from './record.js'
import { NESTING_MAX, type Row } from './schema.js'

/** Where lists and objects stand: behind all values that `compareValues` orders, before nulls. */
const RANKS = { scalar: 0, list: 1, object: 2, null: 3 }

/**
 * A total order over all values that a column can hold, to tell apart what is equal otherwise. As `compareValues`; lists by the first element
 * that differs, then the shorter first; objects by the first field that differs, in the order of their names, one that is missing being null.
 * @throws MillraceError `ColumnType` for any other value.
 */
export function compareDeep(a: unknown, b: unknown): number {
  return compareAt(a, b, 0)
}

/** The same for whole rows. */
export function compareRows(a: Row, b: Row): number {
  return compareRecords(a, b, 0)
}

function compareAt(a: unknown, b: unknown, depth: number): number {
  const rankA = rankOf(a)
  const rankB = rankOf(b)
  if (rankA === RANKS.scalar && rankB === RANKS.scalar) return compareValues(a, b)
  if (rankA !== rankB) return rankA < rankB ? -1 : 1
  if (rankA === RANKS.null) return 0
  // Deeper than any column: refused there.
  if (depth === NESTING_MAX) return compareValues(a, b)
  if (rankA === RANKS.list) return compareLists(a as unknown[], b as unknown[], depth + 1)
  return compareRecords(recordOf(a) as Row, recordOf(b) as Row, depth + 1)
}

function compareLists(a: readonly unknown[], b: readonly unknown[], depth: number): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareAt(a[i], b[i], depth)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareRecords(a: Row, b: Row, depth: number): number {
  for (const name of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
    const order = compareAt(own(a, name), own(b, name), depth)
    if (order !== 0) return order
  }
  return 0
}

function own(row: Row, name: string): unknown {
  return Object.hasOwn(row, name) ? row[name] : null
}

function rankOf(value: unknown): number {
  if (value === null || value === undefined) return RANKS.null
  if (typeof value !== 'object') return RANKS.scalar
  if (Array.isArray(value)) return RANKS.list
  return recordOf(value) === undefined ? RANKS.scalar : RANKS.object
}
