import type { DecodedArray, ParquetParsers } from 'hyparquet'
import type { MillraceError } from '../../base/errors.js'
import { copyOfBytes, isBytes } from '../../columnar/bytes.js'
import type { ColumnRead } from './parquet-columns.js'
import { isNested } from './parquet-types.js'
import { contentError } from './read-error.js'

/** The values of one column of a row group, in the order of its rows. A `dates` column holds milliseconds: rows get a Date of their own. */
export interface ColumnValues {
  readonly column: string
  readonly values: ArrayLike<unknown>
  readonly dates: boolean
}

const MILLISECONDS = {
  timestampFromMilliseconds: (millis: bigint) => Number(millis),
  timestampFromMicroseconds: (micros: bigint) => Math.floor(Number(micros) / 1000),
  timestampFromNanoseconds: (nanos: bigint) => Number(nanos / 1_000_000n),
  dateFromDays: (days: number) => days * 86_400_000,
}

const textOf = (bytes: Uint8Array) => bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')

/** JSON stays text, and times are milliseconds: a Date per distinct value would be shared between rows. */
const PARSERS: Partial<ParquetParsers> = { ...MILLISECONDS, jsonFromBytes: textOf }

/** Inside lists and structures times become Dates at once. */
const NESTED_PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => new Date(MILLISECONDS.timestampFromMilliseconds(millis)),
  timestampFromMicroseconds: (micros) => new Date(MILLISECONDS.timestampFromMicroseconds(micros)),
  timestampFromNanoseconds: (nanos) => new Date(MILLISECONDS.timestampFromNanoseconds(nanos)),
  dateFromDays: (days) => new Date(MILLISECONDS.dateFromDays(days)),
  jsonFromBytes: textOf,
}

/** The reader makes an object of a map by assignment, which would lose that key. */
const MAP_PARSERS: Partial<ParquetParsers> = {
  ...NESTED_PARSERS,
  stringFromBytes: (bytes) => {
    const text = textOf(bytes)
    if (text === '__proto__') throw new Error('a column with a map holds the text "__proto__", which cannot be the name of a field')
    return text
  },
}

export function parsersOf({ file, hasMaps }: ColumnRead): Partial<ParquetParsers> {
  if (hasMaps) return MAP_PARSERS
  return isNested(file) ? NESTED_PARSERS : PARSERS
}

export interface ColumnPlace {
  readonly path: string
  /** Number of the group's first row in the file. */
  readonly firstRow: number
}

/**
 * The pages of a column as one array, converted to the declared type.
 *
 * @throws MillraceError `FileColumn`, with column, file and row
 */
export function columnValues(read: ColumnRead, pages: readonly DecodedArray[], rows: number, place: ColumnPlace): ColumnValues {
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

/** Gives undefined for a value that does not fit. */
type Converter = (value: unknown) => unknown

function converterOf({ declared, file }: ColumnRead): Converter {
  if (declared === 'int64') return (value) => (typeof value === 'bigint' ? asInt64(value) : BigInt(value as number))
  if (declared === 'int32') return (value) => (Number(value) === (Number(value) | 0) ? Number(value) : undefined)
  if (declared === 'binary' || file === 'binary') return (value) => copyOfBytes(value as Uint8Array)
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
  return file === 'int64'
    ? "a number exactly: declare 'int64' to get bigints"
    : 'a number exactly: leave the column out or store it as int64'
}

function refusal({ column }: ColumnRead, { path, firstRow }: ColumnPlace, row: number, what: string): MillraceError {
  return contentError('FileColumn', path, firstRow + row, `${path}: column ${JSON.stringify(column)}, row ${firstRow + row} is ${what}`)
}
