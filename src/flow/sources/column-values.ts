import type { MillraceError } from '../../base/errors.js'
import { copyOfBytes, isBytes } from '../../columnar/bytes.js'
import type { Row } from '../../columnar/schema.js'
import type { ColumnRead } from './column-reads.js'
import { isNested } from './file-types.js'
import { contentError } from './read-error.js'

/** The largest count of milliseconds a Date can hold. */
const DATE_MS_MAX = 8.64e15

/** The values of one column of a row group or batch, in the order of its rows. A `dates` column holds milliseconds: rows get a Date of their own. */
export interface ColumnValues {
  readonly column: string
  readonly values: ArrayLike<unknown>
  readonly dates: boolean
}

export interface ColumnPlace {
  readonly path: string
  /** Number of the first row in the file. */
  readonly firstRow: number
}

/**
 * The pages of a column as one array, converted to the declared type; times are milliseconds.
 *
 * @throws MillraceError `FileColumn`, with column, file and row
 */
export function columnValues(read: ColumnRead, pages: readonly ArrayLike<unknown>[], rows: number, place: ColumnPlace): ColumnValues {
  const convert = converterOf(read)
  const values = new Array<unknown>(rows)
  let row = 0
  for (const page of pages) {
    for (let i = 0; i < page.length && row < rows; i++, row++) {
      const value = page[i]
      if (value !== null && value !== undefined) values[row] = convert(value)
      else if (read.nullable) values[row] = null
      else throw refusal(read, place, row, `null: declare '${read.declared}?'`)
      if (values[row] === undefined) throw refusal(read, place, row, `${String(value)}, which does not fit ${wanted(read)}`)
    }
  }
  if (row < rows) throw refusal(read, place, row, `nothing: the file holds ${row} of ${rows} values`)
  return { column: read.column, values, dates: read.file === 'timestamp' }
}

/** A row of its own. */
export function rowAt(columns: readonly ColumnValues[], at: number): Row {
  const row: Row = {}
  for (let i = 0; i < columns.length; i++) {
    const { column, values, dates } = columns[i]
    const value = values[at]
    row[column] = dates && value !== null ? new Date(value as number) : value
  }
  return row
}

/** Gives undefined for a value that does not fit. */
type Converter = (value: unknown) => unknown

function converterOf({ declared, file }: ColumnRead): Converter {
  if (declared === 'int64') return (value) => (typeof value === 'bigint' ? asInt64(value) : BigInt(value as number))
  if (declared === 'int32') return (value) => (Number(value) === (Number(value) | 0) ? Number(value) : undefined)
  if (declared === 'binary' || file === 'binary') return (value) => copyOfBytes(value as Uint8Array)
  if (file === 'timestamp') return (value) => (Math.abs(Number(value)) <= DATE_MS_MAX ? Number(value) : undefined)
  if (file === 'int64' || file === 'other' || isNested(file)) return plain
  return (value) => value
}

/** Bigints as numbers, also inside lists and structures; Dates and bytes of its own: the reader gives those of a dictionary many times. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : undefined
  }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return new Date(value)
  if (isBytes(value)) return copyOfBytes(value)
  const entries = Object.entries(value).map(([key, inner]) => [key, inner === undefined ? null : plain(inner)] as const)
  if (entries.some(([, inner]) => inner === undefined)) return undefined
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}

/** Unsigned 64-bit integers may be too large. */
function asInt64(value: bigint): bigint | undefined {
  return BigInt.asIntN(64, value) === value ? value : undefined
}

function wanted({ declared, file }: ColumnRead): string {
  if (declared === 'int64' || declared === 'int32') return declared
  if (file === 'timestamp') return 'a Date'
  return file === 'int64'
    ? "a number exactly: declare 'int64' to get bigints"
    : 'a number exactly: leave the column out or store it as int64'
}

function refusal({ column }: ColumnRead, { path, firstRow }: ColumnPlace, row: number, what: string): MillraceError {
  return contentError('FileColumn', path, firstRow + row, `${path}: column ${JSON.stringify(column)}, row ${firstRow + row} is ${what}`)
}
