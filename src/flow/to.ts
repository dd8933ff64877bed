import { MillraceError } from '../base/errors.js'
import { columnList } from './column-list.js'
import type { ColumnPlan } from './column-plan.js'
import type { ColumnSpec, SourceColumns } from './column-spec.js'
import { checkBetween } from './number-option.js'
import type { SinkOperatorPlan } from './plan.js'
import type { Column } from './row-types.js'
import type { Sink } from './sink.js'
import type { CsvSinkPlan, ParquetSinkPlan, PartsPlan } from './sink-plan.js'
import { columnPlans } from './source.js'

/** Rows of a row group where nothing else is said. */
const ROW_GROUP_ROWS = 32_768
/** How often a part is kept where nothing else is said. */
const KEEP_EVERY_MS = 60_000

/** What every sink takes that is a folder. */
export interface PartOptions {
  /** A part has at most so many rows; by default any number. */
  readonly rowsPerPart?: number
  /** A part ends with the block, of 256 KiB of text or a row group, with which it has so many bytes; by default never. */
  readonly bytesPerPart?: number
  /** Replace the parts that the folder has already, once the run has ended well; default false: `SinkExists`. */
  readonly overwrite?: boolean
  /**
   * A run that fails, is cancelled or killed keeps what it has written of finished splits, in `.unfinished/` in the folder, and the next run of the same flow
   * over the same files goes on from there; default false: nothing is kept. `everyMs`: how often a worker ends its part so that it is kept, at the end of
   * a split; 60,000 by default. For a flow that reads files, calls functions and writes to this folder: no more, else `InvalidArgument`.
   */
  readonly resume?: boolean | { readonly everyMs?: number }
}

/** How rows become CSV. */
export interface CsvText<R> {
  /** All columns, in their order; by default those of the first row, of each worker. */
  readonly columns?: readonly Column<R>[]
  /** Between fields; `,` by default. */
  readonly delimiter?: string
}

/** What `to.csv` takes. */
export interface CsvSinkOptions<R> extends PartOptions, CsvText<R> {}

/** What `to.parquet` takes. */
export interface ParquetSinkOptions<R> extends PartOptions {
  /** All columns with their types, in their order, `?` where nulls may occur; by default what the rows of the first row group hold. */
  readonly columns?: { readonly [C in Column<R>]?: ColumnSpec }
  /** Of the pages; `snappy` by default. */
  readonly compression?: 'snappy' | 'uncompressed'
  /** Rows of a row group, at most; by default 32,768. It also ends where its values take about 16 MiB. */
  readonly rowGroupRows?: number
}

/** How rows become Arrow's IPC format. */
export interface ArrowText<R> {
  /** All columns with their types, in their order, `?` where nulls may occur. */
  readonly columns?: { readonly [C in Column<R>]?: ArrowColumnSpec }
}

/** Types of columns that Arrow is written with, `dictionary` as one of text whose values are kept to the end of the file; lists and objects only where they are not declared. */
export type ArrowColumnSpec = Exclude<ColumnSpec, 'list' | 'list?' | 'struct' | 'struct?'>

/** What `to.arrow` takes. */
export interface ArrowSinkOptions<R> extends PartOptions, ArrowText<R> {}

/**
 * Where `write` and `tee` write: a path, from the working directory of the run, is one file; one that ends with `/` a folder, into which each worker
 * writes parts of its own, `part-<worker>-<number>.<format>`, beside a `_manifest.json` that names them, with rows and bytes. Folders are made.
 * Each throws `InvalidArgument`.
 */
export const to: {
  /** JSON, one row a line: bigint as a number within 2^53, else as text; NaN and Infinity as null; dates in ISO 8601; bytes in base64. */
  jsonl(path: string, options?: PartOptions): Sink<unknown>
  /**
   * CSV with a row of names. Null is an empty field, the empty string `""`; dates in ISO 8601, bytes in base64, lists and objects as JSON. A
   * row may lack a column, which is null; one with another column ends the run with `SinkColumn`.
   */
  csv<R>(path: string, options?: CsvSinkOptions<R>): Sink<R>
  /**
   * Parquet. Without `columns` a number is float64, or int32 where its column is, a bigint int64, a string utf8, a Date a timestamp in milliseconds, and all may be null; a
   * column of nulls is utf8. What does not fit its column, and a column that is not among them, ends the run with `SinkColumn`.
   */
  parquet<R>(path: string, options?: ParquetSinkOptions<R>): Sink<R>
  /**
   * Arrow's IPC file format (Feather version 2), in batches of up to 16,384 rows and about 1 MiB. Columns are those of the first batch, unless
   * they are declared: then a row may lack one only with `?`. What does not fit ends the run with `SinkColumn`.
   */
  arrow<R>(path: string, options?: ArrowSinkOptions<R>): Sink<R>
} = Object.freeze({
  jsonl: (path: string, options: PartOptions = {}) => ({ sink: { kind: 'jsonl', ...place('jsonl', path, options) } as const }),
  csv: <R>(path: string, options: CsvSinkOptions<R> = {}) => ({ sink: csvPlan(path, options) }),
  parquet: <R>(path: string, options: ParquetSinkOptions<R> = {}) => ({ sink: parquetPlan(path, options) }),
  arrow: <R>(path: string, options: ArrowSinkOptions<R> = {}) => ({
    sink: { kind: 'arrow', ...place('arrow', path, options), ...checkedArrow('to.arrow()', options) } as const,
  }),
})

function csvPlan(path: string, options: CsvSinkOptions<never>): CsvSinkPlan {
  return { kind: 'csv', ...place('csv', path, options), ...checkedCsv('to.csv()', options) }
}

function parquetPlan(path: string, options: Omit<ParquetSinkOptions<never>, 'columns'> & { columns?: object }): ParquetSinkPlan {
  const { columns, compression = 'snappy', rowGroupRows = ROW_GROUP_ROWS } = options
  if (compression !== 'snappy' && compression !== 'uncompressed') {
    throw new MillraceError(
      'InvalidArgument',
      `to.parquet(): compression is 'snappy' or 'uncompressed', got ${JSON.stringify(compression)}`,
    )
  }
  checkBetween('to.parquet() rowGroupRows', rowGroupRows, 1, 0x7fff_ffff)
  const named = columns === undefined ? {} : { columns: columnPlans('to.parquet', columns as SourceColumns) }
  return { kind: 'parquet', ...place('parquet', path, options), ...named, compression, rowGroupRows }
}

/** @throws MillraceError `InvalidArgument` */
export function checkedCsv(where: string, options: CsvText<never>): { columns?: readonly string[]; delimiter: string } {
  const { columns, delimiter = ',' } = options
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
    throw new MillraceError('InvalidArgument', `${where}: delimiter is one character, no quote and no end of a line`)
  }
  const named = columns === undefined ? {} : { columns: columnList(columns, `${where} columns`) }
  return { ...named, delimiter }
}

/** @throws MillraceError `InvalidArgument` */
export function checkedArrow(where: string, { columns: given }: { readonly columns?: object }): { columns?: readonly ColumnPlan[] } {
  if (given === undefined) return {}
  const columns = columnPlans(where.replace('()', ''), given as SourceColumns)
  const odd = columns.find(({ type }) => type === 'list' || type === 'struct')
  if (odd === undefined) return { columns }
  throw new MillraceError('InvalidArgument', `${where}: column "${odd.column}": ${odd.type} cannot be declared here: leave columns out`)
}

function place(name: string, path: string, options: PartOptions): { path: string; parts?: PartsPlan } {
  if (typeof path !== 'string' || path === '')
    throw new MillraceError('InvalidArgument', `to.${name}() takes a path, got ${JSON.stringify(path)}`)
  const { rowsPerPart: rows, bytesPerPart: bytes, overwrite, resume } = options
  for (const [option, value] of Object.entries({ rowsPerPart: rows, bytesPerPart: bytes })) {
    if (value !== undefined) checkBetween(`to.${name}() ${option}`, value, 1, Number.MAX_SAFE_INTEGER)
  }
  if (path.endsWith('/')) {
    const limits = { ...(rows !== undefined && { rows }), ...(bytes !== undefined && { bytes }) }
    return { path, parts: { ...limits, overwrite: overwrite === true, ...kept(`to.${name}()`, resume) } }
  }
  const given = Object.entries({ rowsPerPart: rows, bytesPerPart: bytes, overwrite, resume }).find(([, value]) => value !== undefined)
  if (given === undefined) return { path }
  throw new MillraceError(
    'InvalidArgument',
    `to.${name}(): ${given[0]} is for a folder of parts: end ${JSON.stringify(path)} with / to write one`,
  )
}

function kept(where: string, resume: PartOptions['resume'] = false): Pick<PartsPlan, 'resume'> {
  if (resume === false) return {}
  const { everyMs = KEEP_EVERY_MS } = resume === true ? {} : resume
  checkBetween(`${where} resume.everyMs`, everyMs, 0, Number.MAX_SAFE_INTEGER)
  return { resume: { everyMs } }
}

/** @throws MillraceError `InvalidArgument` */
export function sinkStep(op: SinkOperatorPlan['op'], given: Sink<never>, where: string): SinkOperatorPlan {
  if (given?.sink?.kind === undefined)
    throw new MillraceError('InvalidArgument', `${where}: takes to.jsonl(), to.csv(), to.parquet() or to.arrow()`)
  return { op, sink: given.sink }
}
