import type { ColumnPlan } from './column-plan.js'

/** How rows are written, and where: plain JSON, a part of a plan. */
export type SinkPlan = JsonlSinkPlan | CsvSinkPlan | ParquetSinkPlan | ArrowSinkPlan

/** `jsonl`, ...: what a file holds, and how its name ends in a folder of parts. */
export type SinkFormat = SinkPlan['kind']

interface SinkPlace {
  /** As it was given: one file, or with `parts` a folder. Relative to the working directory of the run. */
  readonly path: string
  readonly parts?: PartsPlan
}

/** A folder of parts: each worker writes its own. */
export interface PartsPlan {
  /** When the next part begins: after so many rows, or once it has so many bytes. */
  readonly rows?: number
  readonly bytes?: number
  /** Whether the parts that are there already may be replaced. */
  readonly overwrite: boolean
  /** What is finished is kept, by splits, and gone on from; absent: a run that does not end well leaves nothing. */
  readonly resume?: { readonly everyMs: number }
}

export interface JsonlSinkPlan extends SinkPlace {
  readonly kind: 'jsonl'
}

export interface CsvSinkPlan extends SinkPlace {
  readonly kind: 'csv'
  /** Absent: those of the first row. */
  readonly columns?: readonly string[]
  readonly delimiter: string
}

export interface ArrowSinkPlan extends SinkPlace {
  readonly kind: 'arrow'
  /** Absent: those of the first batch. */
  readonly columns?: readonly ColumnPlan[]
}

export interface ParquetSinkPlan extends SinkPlace {
  readonly kind: 'parquet'
  /** Absent: those of the rows of the first row group. */
  readonly columns?: readonly ColumnPlan[]
  readonly compression: 'snappy' | 'uncompressed'
  /** Rows of a row group, at most. */
  readonly rowGroupRows: number
}
