/** How rows are written, and where: plain JSON, a part of a plan. */
export type SinkPlan = JsonlSinkPlan | CsvSinkPlan

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
