import { isBytes, latin1Of } from './bytes.js'
import { dateMs } from './date.js'
import { keyRefusal } from './describe.js'
import type { Row } from './schema.js'

/** What stands for some key values in a Map or Set. Keys of the same number of values are the same iff the values are. */
export type Key = string | number | bigint | boolean | null

/** Begins what is not a string by itself. Strings that happen to begin so get it once more. */
const MARK = '\0'

/**
 * The Map key of some values: of one value mostly the value itself, of several one string.
 * 1, '1', 1n, true, null and new Date(1) are all different; NaN is equal to NaN, -0 to 0, undefined to null, a Date to one of the same time,
 * bytes to the same bytes.
 * A key may be a string that keeps a whole batch alive: `detach` the first of each group.
 * @throws MillraceError `ColumnType` for a value that cannot be a key.
 */
export function keyOf(values: readonly unknown[]): Key {
  if (values.length === 1) return single(values[0])
  let key = ''
  for (let i = 0; i < values.length; i++) key += part(values[i])
  return key
}

/** `keyOf` the values that a row has in some columns. */
export function keyOfRow(row: Row, columns: readonly string[]): Key {
  if (columns.length === 1) return single(row[columns[0] as string], columns[0])
  let key = ''
  for (let i = 0; i < columns.length; i++) key += part(row[columns[i] as string], columns[i])
  return key
}

/** Map compares as we need it, but for Dates and bytes, and for strings that look like the stand-in of one. */
function single(value: unknown, column?: string): Key {
  switch (typeof value) {
    case 'string':
      return value.charCodeAt(0) === 0 ? `${MARK}${value}` : value
    case 'number':
    case 'bigint':
    case 'boolean':
      return value
    default:
      return value === null || value === undefined ? null : MARK + objectPart(value, column)
  }
}

/** One value, so written that where it ends does not depend on what follows. `column` is for the message of an error. */
export function part(value: unknown, column?: string): string {
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
      return value === null || value === undefined ? '_' : objectPart(value, column)
  }
}

function objectPart(value: unknown, column: string | undefined): string {
  const ms = dateMs(value)
  if (ms !== undefined) return `d${ms};`
  if (isBytes(value)) return `b${value.length}:${latin1Of(value)}`
  throw keyRefusal(value, column)
}
