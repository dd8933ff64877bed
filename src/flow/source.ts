import { MillraceError } from '../base/errors.js'
import { columnList } from './column-list.js'
import type { ColumnPlan } from './column-plan.js'
import { type FieldType, parseColumnType, type SourceColumns, type SourceRow } from './column-spec.js'
import { failingPlan } from './failing-plan.js'
import type { ColumnarInputPlan, FileInputPlan, SourcePlan } from './plan.js'
import type { FailingRows } from './row-types.js'

declare const rowType: unique symbol

/** What to read; `R` is the row type. Made by `lines`, `jsonl`, `csv`, `parquet`, `arrow` and `rows`; no file is touched before the flow runs. */
export interface Source<R, I extends SourcePlan = SourcePlan> {
  readonly input: I
  readonly [rowType]?: R
}

/** A row of `lines()`: `text` is the line without its end, `offset` the byte in the file at which it stands. */
export interface Line {
  text: string
  file: string
  offset: number
}

/** What every source takes. */
export interface SourceOptions {
  /** Accept that a pattern matches no file; default false: `SourceMissing`. A path without wildcards must exist in any case. */
  readonly allowEmpty?: boolean
}

type Patterns = string | readonly string[]

/**
 * Rows that the run is given: `flow(import.meta.url).read(rows<R>('events'))`, and `run({ inputs: { events: iterable } })`. They are pulled
 * where the run is started, as the workers want them, and travel there as columns: their values are such as columns can hold. Throws
 * `InvalidArgument` for a name that is none.
 */
export function rows<R extends object = Record<string, unknown>>(name: string): Source<R> {
  if (typeof name !== 'string' || name === '')
    throw new MillraceError('InvalidArgument', `rows() takes the name of an input of run(), such as 'events': got ${JSON.stringify(name)}`)
  return { input: { kind: 'rows', name } }
}

/**
 * Lines of text files (UTF-8; `\n` or `\r\n`; a byte order mark is dropped; a last line without an end counts),
 * compressed or not: `.gz`, `.zst`.
 * Patterns are globs or paths, relative to the working directory of the run. Files that match twice are read once.
 * Throws `InvalidArgument` without a pattern; a run ends with `SourceMissing` or `SourceRead` where files are not there or not readable.
 */
export function lines(patterns: Patterns, options: SourceOptions = {}): Source<Line, FileInputPlan> {
  return { input: { kind: 'lines', ...common('lines', patterns, options) } }
}

/** What `jsonl()` takes: `onError` and `maxErrors` are of lines that are no JSON object; a sink gets `{ text }` as their `row`. */
export interface JsonlOptions extends SourceOptions, Pick<FailingRows, 'onError' | 'maxErrors'> {}

/**
 * JSON objects, one per line, of files as those of `lines`; blank lines are skipped, anything else is a `SourceLine` error, or left out with
 * `onError`. `R` says what they hold; nothing checks it. Throws `InvalidArgument`.
 */
export function jsonl<R = Record<string, unknown>>(patterns: Patterns, options: JsonlOptions = {}): Source<R, FileInputPlan> {
  return { input: { kind: 'jsonl', ...common('jsonl', patterns, options), ...failingPlan(options, 'jsonl()') } }
}

/** Types that the text of a CSV field can be read as. */
export type CsvColumns = { readonly [column: string]: FieldType | `${FieldType}?` }

/**
 * What `csv()` takes: `onError` and `maxErrors` are of rows of another length, with a field that does not fit its column, with a broken quote
 * or longer than 16 MiB; a sink gets `{ fields }` as their `row`, null where there are none.
 */
export interface CsvOptions<C extends CsvColumns> extends SourceOptions, Pick<FailingRows, 'onError' | 'maxErrors'> {
  /** Columns to read, each `'utf8' | 'float64' | 'int32' | 'int64' | 'boolean' | 'timestamp'` (or `'dictionary'`, which is `'utf8'`), with `?`
   * where fields may be empty. */
  readonly columns?: C
  /** The names of the columns, of files that do not begin with a row of names. */
  readonly header?: readonly string[]
  /** Between fields; `,` by default. */
  readonly delimiter?: string
  /** Around fields that hold delimiters, quotes (doubled) or ends of lines; `"` by default. */
  readonly quote?: string
}

/**
 * Rows of CSV files (UTF-8, a byte order mark is dropped; `.gz` and `.zst` too), each read by one worker from its beginning to its end.
 * A blank line is skipped, but for files of one column, where it is an empty field. Without `columns` every column is read as text, and an empty
 * field is null, one in quotes (`""`) ''. With them the fields are converted: numbers as JavaScript writes them, `true` and `false`, ISO 8601
 * timestamps, in UTC where they name no zone; an empty field is null, or '' for `'utf8'` without `?` or in quotes. A field that does not fit is
 * `FileColumn`, a column that is not there `ColumnMissing`, a row of another length, with a broken quote or longer than 16 MiB `SourceLine`,
 * each with file and line. With `onError` such rows are left out, but for the names: behind a broken quote it goes on in the line after the one in which the
 * broken field begins. Throws `InvalidArgument`.
 */
export function csv<const C extends CsvColumns>(
  patterns: Patterns,
  options: CsvOptions<C> & { readonly columns: C },
): Source<SourceRow<C>, FileInputPlan>
export function csv<R = Record<string, string | null>>(patterns: Patterns, options?: CsvOptions<never>): Source<R, FileInputPlan>
export function csv(patterns: Patterns, options: CsvOptions<CsvColumns> = {}): Source<unknown, FileInputPlan> {
  const { header, delimiter = ',', quote = '"' } = options
  const columns = options.columns && columnPlans('csv', options.columns)
  const odd = columns?.find(({ type }) => type === 'binary' || type === 'list' || type === 'struct')
  if (odd !== undefined) throw new MillraceError('InvalidArgument', `csv(): column "${odd.column}": text holds no ${odd.type}`)
  for (const [name, mark] of Object.entries({ delimiter, quote })) {
    if (typeof mark !== 'string' || mark.length !== 1 || /[\r\n]/.test(mark))
      throw new MillraceError('InvalidArgument', `csv(): ${name} is one character, and no end of a line`)
  }
  if (delimiter === quote) throw new MillraceError('InvalidArgument', `csv(): delimiter and quote are the same: ${quote}`)
  const named = header === undefined ? {} : { header: columnList(header, 'csv() header') }
  return {
    input: {
      kind: 'csv',
      ...common('csv', patterns, options),
      ...(columns && { columns }),
      ...named,
      delimiter,
      quote,
      ...failingPlan(options, 'csv()'),
    },
  }
}

/** What `parquet()` and `arrow()` take. */
export interface ParquetOptions<C extends SourceColumns> extends SourceOptions {
  /** Columns to read, each `'float64' | 'int32' | 'int64' | 'utf8' | 'boolean' | 'timestamp' | 'binary' | 'list' | 'struct'`, with `?` where nulls may
   * occur. A map is a `struct`; `'dictionary'` is `'utf8'`. */
  readonly columns?: C
}

/**
 * Rows of Parquet files. `columns` gives row type, check and pruning in one; without it everything is read.
 * 64-bit integers become numbers (beyond 2^53 a `FileColumn` error), bigints where declared `'int64'`; dates and timestamps become `Date`.
 * A column that is not there is `ColumnMissing`, one that is of another type or holds a null undeclared `FileColumn`, when the flow runs.
 * Throws `InvalidArgument` for an unknown type and for `columns` without any.
 */
export function parquet<const C extends SourceColumns>(
  patterns: Patterns,
  options: ParquetOptions<C> & { readonly columns: C },
): Source<SourceRow<C>, FileInputPlan>
export function parquet<R = Record<string, unknown>>(patterns: Patterns, options?: SourceOptions): Source<R, FileInputPlan>
export function parquet(patterns: Patterns, options: ParquetOptions<SourceColumns> = {}): Source<unknown, FileInputPlan> {
  return { input: columnarInput('parquet', patterns, options) }
}

/**
 * Rows of files of Arrow's IPC format: files (`.arrow`, Feather version 2), whose batches many workers read, and streams (`.arrows`), each read
 * by one from its beginning to its end; whole or compressed by LZ4 or zstd. `columns` and types are as with `parquet`; lists and structs
 * become arrays and objects. A column of another type, such as a union, is `FileColumn`. Throws `InvalidArgument`.
 */
export function arrow<const C extends SourceColumns>(
  patterns: Patterns,
  options: ParquetOptions<C> & { readonly columns: C },
): Source<SourceRow<C>, FileInputPlan>
export function arrow<R = Record<string, unknown>>(patterns: Patterns, options?: SourceOptions): Source<R, FileInputPlan>
export function arrow(patterns: Patterns, options: ParquetOptions<SourceColumns> = {}): Source<unknown, FileInputPlan> {
  return { input: columnarInput('arrow', patterns, options) }
}

function columnarInput(kind: ColumnarInputPlan['kind'], patterns: Patterns, options: ParquetOptions<SourceColumns>): ColumnarInputPlan {
  const input = { kind, ...common(kind, patterns, options) }
  return options.columns === undefined ? input : { ...input, columns: columnPlans(kind, options.columns) }
}

/** @throws MillraceError `InvalidArgument` */
export function columnPlans(name: string, given: SourceColumns): ColumnPlan[] {
  const columns = Object.entries(given).map(([column, spec]) => ({ column, ...parseColumnType(column, spec) }))
  if (columns.length === 0) throw new MillraceError('InvalidArgument', `${name}(): columns is empty: name at least one or leave it out`)
  return columns
}

function common(name: string, patterns: Patterns, options: SourceOptions): { patterns: string[]; allowEmpty: boolean } {
  const list = typeof patterns === 'string' ? [patterns] : [...patterns]
  if (list.length === 0 || list.some((pattern) => typeof pattern !== 'string' || pattern === '')) {
    throw new MillraceError('InvalidArgument', `${name}() takes a path or pattern, or several: got ${JSON.stringify(patterns)}`)
  }
  return { patterns: list, allowEmpty: options.allowEmpty ?? false }
}
