import { MillraceError } from '../base/errors.js'
import { type ParquetColumns, type ParquetRow, parseColumnType } from './column-spec.js'
import type { FileInputPlan } from './plan.js'

declare const rowType: unique symbol

/** Files to read; `R` is the row type. Made by `lines`, `jsonl` and `parquet`; no file is touched before the flow runs. */
export interface Source<R> {
  readonly input: FileInputPlan
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
 * Lines of text files (UTF-8; `\n` or `\r\n`; a byte order mark is dropped; a last line without an end counts).
 * Patterns are globs or paths, relative to the working directory of the run. Files that match twice are read once.
 * Throws `InvalidArgument` without a pattern; a run ends with `SourceMissing` or `SourceRead` where files are not there or not readable.
 */
export function lines(patterns: Patterns, options: SourceOptions = {}): Source<Line> {
  return { input: { kind: 'lines', ...common('lines', patterns, options) } }
}

/** JSON objects, one per line; blank lines are skipped, anything else is a `SourceLine` error. `R` says what they hold; nothing checks it. */
export function jsonl<R = Record<string, unknown>>(patterns: Patterns, options: SourceOptions = {}): Source<R> {
  return { input: { kind: 'jsonl', ...common('jsonl', patterns, options) } }
}

/** What `parquet()` takes. */
export interface ParquetOptions<C extends ParquetColumns> extends SourceOptions {
  /** Columns to read, each `'float64' | 'int32' | 'int64' | 'utf8' | 'boolean' | 'timestamp' | 'binary'`, with `?` where nulls may occur. */
  readonly columns?: C
}

/**
 * Rows of Parquet files. `columns` gives row type, check and pruning in one; without it everything is read.
 * 64-bit integers become numbers (beyond 2^53 a `FileColumn` error), bigints where declared `'int64'`; dates and timestamps become `Date`.
 * A column that is not there is `ColumnMissing`, one that is of another type or holds a null undeclared `FileColumn`, when the flow runs.
 * Throws `InvalidArgument` for an unknown type and for `columns` without any.
 */
export function parquet<const C extends ParquetColumns>(
  patterns: Patterns,
  options: ParquetOptions<C> & { readonly columns: C },
): Source<ParquetRow<C>>
export function parquet<R = Record<string, unknown>>(patterns: Patterns, options?: SourceOptions): Source<R>
export function parquet(patterns: Patterns, options: ParquetOptions<ParquetColumns> = {}): Source<unknown> {
  const input = { kind: 'parquet', ...common('parquet', patterns, options) } as const
  if (options.columns === undefined) return { input }
  const columns = Object.entries(options.columns).map(([column, spec]) => ({ column, ...parseColumnType(column, spec) }))
  if (columns.length === 0) throw new MillraceError('InvalidArgument', 'parquet(): columns is empty: name at least one or leave it out')
  return { input: { ...input, columns } }
}

function common(name: string, patterns: Patterns, options: SourceOptions): { patterns: string[]; allowEmpty: boolean } {
  const list = typeof patterns === 'string' ? [patterns] : [...patterns]
  if (list.length === 0 || list.some((pattern) => typeof pattern !== 'string' || pattern === '')) {
    throw new MillraceError('InvalidArgument', `${name}() takes a path or pattern, or several: got ${JSON.stringify(patterns)}`)
  }
  return { patterns: list, allowEmpty: options.allowEmpty ?? false }
}
