import { Buffer } from 'node:buffer'
import { MillraceError } from '../base/errors.js'
import { isBytes } from './bytes.js'
import { dateMs } from './date.js'
import { describe } from './describe.js'
import type { Row } from './schema.js'

export interface SortKey {
  readonly column: string
  readonly descending: boolean
}

/** Types in the order in which they stand where they meet; nulls are last. */
const RANKS = { boolean: 0, number: 1, bigint: 2, date: 3, string: 4, bytes: 5, null: 6 }

/**
 * A total order over all values but lists and objects: numbers with NaN after all others and -0 equal to 0, bigints, strings by UTF-16 code
 * unit, false before true, Dates by time, bytes by the first that differs, 0 to 255, and then the shorter first, null and undefined last.
 * Values of different types stand by type: boolean, number, bigint, Date, string, bytes.
 * @throws MillraceError `ColumnType` for any other value.
 */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b)
  const rankA = rankOf(a)
  const rankB = rankOf(b)
  if (rankA !== rankB) return rankA < rankB ? -1 : 1
  if (rankA === RANKS.null) return 0
  if (rankA === RANKS.date) return compareNumbers(dateMs(a) as number, dateMs(b) as number)
  if (rankA === RANKS.bytes) return Buffer.compare(a as Uint8Array, b as Uint8Array)
  return (a as bigint) < (b as bigint) ? -1 : (a as bigint) > (b as bigint) ? 1 : 0
}

/** Orders rows by some columns, the first deciding first. `descending` turns the values round, NaN with them, but nulls are last also then. */
export function comparator(keys: readonly SortKey[]): (a: Row, b: Row) => number {
  return (a, b) => {
    for (let i = 0; i < keys.length; i++) {
      const { column, descending } = keys[i] as SortKey
      const order = compareKeys(a[column] ?? null, b[column] ?? null, descending)
      if (order !== 0) return order
    }
    return 0
  }
}

function compareKeys(a: unknown, b: unknown, descending: boolean): number {
  if (!descending || a === null || b === null) return compareValues(a, b)
  return compareValues(b, a)
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  if (a === b) return 0
  // At least one is NaN.
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}

function rankOf(value: unknown): number {
  if (value === null || value === undefined) return RANKS.null
  if (dateMs(value) !== undefined) return RANKS.date
  if (isBytes(value)) return RANKS.bytes
  const rank = (RANKS as Record<string, number | undefined>)[typeof value]
  if (rank !== undefined) return rank
  throw new MillraceError(
    'ColumnType',
    `cannot order ${describe(value)}; use strings, numbers, bigints, booleans, Dates, bytes or null: map it to text, for example with JSON.stringify`,
  )
}
