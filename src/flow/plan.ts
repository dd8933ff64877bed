/**
 * The plan of a flow: plain JSON, the same after `JSON.parse(JSON.stringify(plan))`. It says what happens and where,
 * not on which machine: no memory, no list of files, no function text.
 *
 * Stages run one after the other in the order of their ids; a stage reads files, rows given to the run, or the exchange of earlier ones.
 */
export interface Plan {
  readonly version: 1
  /** URL of the module whose exports are the stage functions. */
  readonly module: string
  readonly stages: readonly StagePlan[]
}

/** The part of a plan between two exchanges. */
export interface StagePlan {
  readonly id: number
  /** On every worker, or on one of them. */
  readonly on: 'all' | 'one'
  readonly input: InputPlan
  readonly operators: readonly OperatorPlan[]
  readonly output: OutputPlan
}

export type InputPlan = SourcePlan | ExchangeInputPlan

/** What a flow begins with. */
export type SourcePlan = FileInputPlan | RowsInputPlan

/** Files: patterns as they were given, resolved against the working directory when the flow runs. */
export type FileInputPlan = TextInputPlan | CsvInputPlan | ColumnarInputPlan

export interface TextInputPlan {
  readonly kind: 'lines' | 'jsonl'
  readonly patterns: readonly string[]
  readonly allowEmpty: boolean
}

export interface CsvInputPlan {
  readonly kind: 'csv'
  readonly patterns: readonly string[]
  readonly allowEmpty: boolean
  /** Read only these; absent: everything, as text. */
  readonly columns?: readonly ColumnPlan[]
  /** The names of the columns; absent: the first row of each file names them. */
  readonly header?: readonly string[]
  readonly delimiter: string
  readonly quote: string
}

export interface ColumnarInputPlan {
  readonly kind: 'parquet' | 'arrow'
  readonly patterns: readonly string[]
  readonly allowEmpty: boolean
  /** Read only these, checked against the file; absent: everything. */
  readonly columns?: readonly ColumnPlan[]
}

export interface ColumnPlan {
  readonly column: string
  readonly type: string
  readonly nullable: boolean
}

/** Rows that the run is given under this name. */
export interface RowsInputPlan {
  readonly kind: 'rows'
  readonly name: string
}

/** What earlier stages send here; `merge` says that every sender's rows are in this order and must stay so. */
export interface ExchangeInputPlan {
  readonly kind: 'exchange'
  readonly stages: readonly number[]
  readonly merge?: readonly OrderKey[]
}

/** How the rows leave a stage. `to` is the receiving stage. */
export type OutputPlan =
  /** Without keys: by the whole row. */
  | { readonly exchange: 'hash'; readonly keys: readonly string[]; readonly to: number }
  | { readonly exchange: 'broadcast' | 'roundRobin'; readonly to: number }
  | { readonly exchange: 'merge'; readonly by: readonly OrderKey[]; readonly to: number }
  | { readonly exchange: 'gather'; readonly to: number | 'leader'; readonly limit?: number }

export interface OrderKey<C extends string = string> {
  readonly column: C
  readonly descending: boolean
}

/** A function of the plan's module, by name and by the first 16 hex digits of the sha256 of its text. */
export interface FunctionRef {
  readonly name: string
  readonly hash: string
}

export type AggregateFunction = 'count' | 'sum' | 'avg' | 'min' | 'max'

export interface AggregatePlan {
  readonly as: string
  readonly fn: AggregateFunction
  /** Absent for `count`. */
  readonly column?: string
}

export interface FunctionOperatorPlan {
  readonly op: 'map' | 'filter' | 'flatMap'
  readonly fn: FunctionRef
  /** Encoded: see `encodeParam`. */
  readonly params?: { readonly [name: string]: unknown }
  readonly setup?: FunctionRef
}

export interface GroupOperatorPlan {
  readonly op: 'groupPartial' | 'groupFinal'
  readonly keys: readonly string[]
  readonly aggregates: readonly AggregatePlan[]
}

/** What a join keeps of its left rows and adds from its right ones. */
export type JoinKind = 'inner' | 'left' | 'semi' | 'anti'

/** The rows of the stage, on the left, meet those that stage `right` sends here, which are kept. */
export interface JoinOperatorPlan {
  readonly op: 'join'
  readonly kind: JoinKind
  readonly right: number
  /** The keys of the left rows and, each in its place, those of the right ones. */
  readonly keys: readonly string[]
  readonly rightKeys: readonly string[]
  /** Ends the names of the columns that come from the right. */
  readonly suffix: string
}

export type OperatorPlan =
  | FunctionOperatorPlan
  | GroupOperatorPlan
  | JoinOperatorPlan
  /** Each row once here; each row once, which takes that equal ones meet here. */
  | { readonly op: 'distinctPartial' | 'distinctFinal' }
  | { readonly op: 'sort'; readonly by: readonly OrderKey[] }
  | { readonly op: 'topK'; readonly by: readonly OrderKey[]; readonly rows: number }
  | { readonly op: 'limit'; readonly rows: number }

export function isFunctionOperator(operator: { readonly op: string }): operator is FunctionOperatorPlan {
  return operator.op === 'map' || operator.op === 'filter' || operator.op === 'flatMap'
}
