import { MillraceError } from '../base/errors.js'
import { dateMs } from './date.js'
import { describe } from './describe.js'
import type { Row } from './schema.js'

/** What stands for some key values in a Map or Set. Keys of the same number of values are the same iff the values are. */
export type Key = string | number | bigint | boolean | null

/** Begins what is not a string by itself. Strings that happen to begin so get it once more. */
const MARK = '\0'

/**
 * The Map key of some values: of one value mostly the value itself, of several one string.
 * 1, '1', 1n, true, null and new Date(1) are all different; NaN is equal to NaN, -0 to 0, undefined to null, a Date to one of the same time.
 * A key may be a string that keeps a whole batch alive: `detach` the first of each group.
 * @throws MillraceError `ColumnType` for a value that no column can hold.
 */
export function keyOf(values: readonly unknown[]): Key {
  if (values.length === 1) return single(values[0])
  let key = ''
  for (let i = 0; i < values.length; i++) key += part(values[i])
  return key
}

/** `keyOf` the values that a row has in some columns. */
export function keyOfRow(row: Row, columns: readonly string[]): Key {
  if (columns.length === 1) return single(row[columns[0] as string])
  let key = ''
  for (let i = 0; i < columns.length; i++) key += part(row[columns[i] as string])
  return key
}

/** Keys that stand for all columns of a row, whatever their order; a column that is not there is null. */
export class WholeKeys {
  #names: readonly string[] = []
  #sorted: readonly string[] = []

  /** @throws MillraceError `ColumnType` for a value that no key can be */
  of(row: Row): string {
    let key = ''
    for (const name of this.#sortedNames(row)) {
      const value = row[name]
      if (value !== null && value !== undefined) key += `${name.length}:${name}${part(value)}`
    }
    return key
  }

  /** Rows that follow each other mostly have the same columns in the same order. */
  #sortedNames(row: Row): readonly string[] {
    const names = Object.keys(row)
    const last = this.#names
    if (names.length === last.length && names.every((name, index) => name === last[index])) return this.#sorted
    this.#names = names
    this.#sorted = [...names].sort()
    return this.#sorted
  }
}

/** Map compares as we need it, but for Dates, and for strings that look like the stand-in of a Date. */
function single(value: unknown): Key {
  switch (typeof value) {
    case 'string':
      return value.charCodeAt(0) === 0 ? `${MARK}${value}` : value
    case 'number':
    case 'bigint':
    case 'boolean':
      return value
    default:
      return value === null || value === undefined ? null : `${MARK}d${msOf(value)}`
  }
}

/** One value, so written that where it ends does not depend on what follows. @throws MillraceError `ColumnType` for a value that no key can be */
function part(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `${value.length}:${value}`
    case 'number':
      return `n${value};`
    case 'bigint':
      return `i${value};`
    case 'boolean':
      return value ? 't' : 'f'
    default:
      return value === null || value === undefined ? '_' : `d${msOf(value)};`
  }
}

function msOf(value: unknown): number {
  const ms = dateMs(value)
  if (ms !== undefined) return ms
  throw new MillraceError('ColumnType', `a key is ${describe(value)}; use a string, number, bigint, boolean, Date or null`)
}

export { part as keyPart }
