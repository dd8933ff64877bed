import { MillraceError } from '../base/errors.js'
import { isBytes } from './bytes.js'
import { dateMs } from './date.js'

/** A value as an error message shows it: what it is and a piece of it. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `a string (${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)})`
    case 'number':
    case 'bigint':
    case 'boolean':
      return `a ${typeof value} (${String(value).slice(0, 40)})`
    case 'object':
      return value === null ? 'null' : describeObject(value)
    default:
      return value === undefined ? 'undefined' : `a ${typeof value}`
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return 'an array'
  if (dateMs(value) !== undefined) return 'a Date'
  if (isBytes(value)) return 'bytes'
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  return tag === 'Object' ? 'an object' : `an object (${tag.slice(0, 40)})`
}

/** What is wrong with a value that is to be a key, or to be ordered. `column`: where it stands, where that is known. */
export function keyRefusal(value: unknown, column: string | undefined): MillraceError {
  const what = column === undefined ? 'a key' : `the key ${JSON.stringify(column)}`
  return new MillraceError(
    'ColumnType',
    `${what} is ${describe(value)}; use a string, number, bigint, boolean, Date, bytes or null: map it to text, for example with JSON.stringify`,
  )
}
