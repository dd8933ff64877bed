import type { ColumnPlan } from './column-plan.js'
import type { SinkPlan } from './sink-plan.js'

/**
 * The plan of a flow: plain JSON, the same after `JSON.parse(JSON.stringify(plan))`. It says what happens and where,
 * not on which machine: no memory, no list of files, no function text.
 *
 * Stages run one after the other in the order of their ids; a stage reads files, rows given to the run, the exchange of earlier ones, or what one of them forks.
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

export type InputPlan = FileInputPlan | RowsInputPlan | ExchangeInputPlan | ForkInputPlan

/** What a flow begins with. A statement becomes the first operator of a stage that reads nothing. */
export type SourcePlan = FileInputPlan | RowsInputPlan | SqlInputPlan

/** Files: patterns as they were given, resolved against the working directory when the flow runs. */
export type FileInputPlan = LinesInputPlan | JsonlInputPlan | CsvInputPlan | ColumnarInputPlan

interface FilesPlan {
  readonly patterns: readonly string[]
  readonly allowEmpty: boolean
  /** How often a split is gone over again where a function of its stage, in front of all else, throws; absent: never. */
  readonly retries?: number
}

export interface LinesInputPlan extends FilesPlan {
  readonly kind: 'lines'
}

export interface JsonlInputPlan extends FilesPlan, FailingPlan {
  readonly kind: 'jsonl'
}

export interface CsvInputPlan extends FilesPlan, FailingPlan {
  readonly kind: 'csv'
  /** Read only these; absent: everything, as text. */
  readonly columns?: readonly ColumnPlan[]
  /** The names of the columns; absent: the first row of each file names them. */
  readonly header?: readonly string[]
  readonly delimiter: string
  readonly quote: string
}

export interface ColumnarInputPlan extends FilesPlan {
  readonly kind: 'parquet' | 'arrow'
  /** Read only these, checked against the file; absent: everything. */
  readonly columns?: readonly ColumnPlan[]
}

/** Rows that the run is given under this name. */
export interface RowsInputPlan {
  readonly kind: 'rows'
  readonly name: string
}

/** A statement of SQL, and the rows that it gives. */
export interface SqlPlan {
  /** With `$1`, `$2`, ... where values are bound. */
  readonly text: string
  /** Encoded: see `encodeParam`. */
  readonly values: readonly unknown[]
  readonly columns: readonly ColumnPlan[]
}

export interface SqlInputPlan extends SqlPlan {
  readonly kind: 'sql'
}

/** Rows that a statement reads under a name. */
export interface SqlTablePlan {
  readonly name: string
  /** Which stage sends them here; absent: they are those that the stage itself reads. */
  readonly stage?: number
  /** Columns that are known without a row. */
  readonly columns?: readonly ColumnPlan[]
}

/** What earlier stages send here; `merge` says that every sender's rows are in this order and must stay so. */
export interface ExchangeInputPlan {
  readonly kind: 'exchange'
  /** None: there is nothing to read. */
  readonly stages: readonly number[]
  readonly merge?: OrderPlan
}

/** What another stage of the same worker has in its hands: each row, as it is. */
export interface ForkInputPlan {
  readonly kind: 'fork'
  readonly stage: number
}

/** How the rows leave a stage. `to` is the receiving stage. */
export type OutputPlan =
  /** Without keys: by the whole row. */
  | { readonly exchange: 'hash'; readonly keys: readonly string[]; readonly to: number }
  | { readonly exchange: 'broadcast' | 'roundRobin'; readonly to: number }
  | (OrderPlan & { readonly exchange: 'merge'; readonly to: number })
  /** `flow`: which flow's rows they are, of those that run together; absent: of the only one. */
  | { readonly exchange: 'gather'; readonly to: number | 'leader'; readonly limit?: number; readonly flow?: number }
  /** No row leaves its worker: each of these stages gets it. */
  | { readonly exchange: 'fork'; readonly to: readonly number[] }

export interface OrderKey<C extends string = string> {
  readonly column: C
  readonly descending: boolean
}

/** An order of rows. Rows that are equal by it come as they come or, where `stable`, by all their columns. */
export interface OrderPlan {
  readonly by: readonly OrderKey[]
  readonly stable?: true
}

/** A function of the plan's module, by name and by the first 16 hex digits of the sha256 of its text. */
export interface FunctionRef {
  readonly name: string
  readonly hash: string
}

export type AggregateFunction = 'count' | 'countDistinct' | 'sum' | 'avg' | 'min' | 'max' | 'first' | 'last'

export interface AggregatePlan {
  readonly as: string
  readonly fn: AggregateFunction
  /** Absent for `count`. */
  readonly column?: string
  /** Of `first` and `last`: the column whose least, or greatest, value says which row it is. */
  readonly by?: string
}

/** What is done with rows that a function fails for, or that cannot be read. */
export interface FailingPlan {
  /** Such a row is left out, or written there; absent: it ends the run. */
  readonly onError?: 'skip' | SinkPlan
  /** So many rows may be left out; absent: any number. */
  readonly maxErrors?: number
}

/** A call of a stage function. */
interface CallPlan extends FailingPlan {
  readonly fn: FunctionRef
  /** Encoded: see `encodeParam`. */
  readonly params?: { readonly [name: string]: unknown }
  readonly setup?: FunctionRef
  /** So long may one call take, in ms. */
  readonly timeoutMs?: number
}

/** For each row; an array or generator of rows comes of `flatMap`. */
interface RowOperatorPlan extends CallPlan {
  readonly op: 'map' | 'filter' | 'flatMap'
}

/** For so many rows at once: an array of them, or their columns. */
interface BatchesOperatorPlan extends CallPlan {
  readonly op: 'mapBatches' | 'mapColumns'
  readonly rows: number
}

/** For each row, a promise of one; so many at once. */
interface AsyncOperatorPlan extends CallPlan {
  readonly op: 'mapAsync'
  readonly concurrency: number
}

/** For the rows of each key, which follow each other. */
interface PerKeyOperatorPlan extends CallPlan {
  readonly op: 'perKey'
  readonly keys: readonly string[]
}

/** As groupBy; `fn` is an object of functions. */
export interface ReduceOperatorPlan extends CallPlan {
  readonly op: 'reducePartial' | 'reduceFinal'
  readonly keys: readonly string[]
}

export type FunctionOperatorPlan = RowOperatorPlan | BatchesOperatorPlan | AsyncOperatorPlan | PerKeyOperatorPlan | ReduceOperatorPlan

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

export interface TopPerKeyOperatorPlan extends OrderPlan {
  readonly op: 'topPerKeyPartial' | 'topPerKeyFinal'
  readonly keys: readonly string[]
  readonly rows: number
}

/** Rows are written: `write` gives one for each file instead, `tee` passes them on. */
export interface SinkOperatorPlan {
  readonly op: 'write' | 'tee'
  readonly sink: SinkPlan
}

/** A statement over tables, all of whose rows are taken first; without a table it reads for itself, with all threads of the machine. */
export interface SqlOperatorPlan extends SqlPlan {
  readonly op: 'sql'
  readonly tables: readonly SqlTablePlan[]
}

export type OperatorPlan =
  | FunctionOperatorPlan
  | SqlOperatorPlan
  | GroupOperatorPlan
  | JoinOperatorPlan
  /** The first rows of each key here; of each key, which takes that its rows meet here. */
  | TopPerKeyOperatorPlan
  | SinkOperatorPlan
  /** Each row once here; each row once, which takes that equal ones meet here. */
  | { readonly op: 'distinctPartial' | 'distinctFinal' }
  | (OrderPlan & { readonly op: 'sort' })
  | (OrderPlan & { readonly op: 'topK'; readonly rows: number })
  | { readonly op: 'limit'; readonly rows: number }

export function isFunctionOperator<O extends { readonly op: string }>(operator: O): operator is Extract<O, FunctionOperatorPlan> {
  return 'fn' in operator
}

/** Whether an operator keeps rows, or something of them: such ones share the memory of their stage. */
export function keepsRows(operator: OperatorPlan): boolean {
  if (operator.op === 'reducePartial' || operator.op === 'reduceFinal') return true
  return !isFunctionOperator(operator) && !isSinkOperator(operator) && operator.op !== 'limit'
}

export function isSinkOperator(operator: { readonly op: string }): operator is SinkOperatorPlan {
  return operator.op === 'write' || operator.op === 'tee'
}

/** Where the rows of a stage are written, and those that its functions fail for or that its source cannot read. */
export function sinksOf(stage: StagePlan): SinkPlan[] {
  const written = stage.operators.filter(isSinkOperator).map(({ sink }) => sink)
  return [...failingOf(stage).flatMap(({ failing: { onError } }) => (typeof onError === 'object' ? [onError] : [])), ...written]
}

/** What in a stage may fail for rows, by its place: its source `read`, and functions by their number. */
export function failingOf({
  input,
  operators,
}: StagePlan): { readonly place: number | 'read'; readonly name: string; readonly failing: FailingPlan }[] {
  const source = input.kind === 'csv' || input.kind === 'jsonl' ? [{ place: 'read' as const, name: input.kind, failing: input }] : []
  const functions = operators.flatMap((operator, place) =>
    isFunctionOperator(operator) ? [{ place, name: operator.fn.name, failing: operator }] : [],
  )
  return [...source, ...functions]
}

/** How many operators at the beginning of a stage are gone over again with a split. */
export function retriedOf({ input, operators }: StagePlan): number {
  if (!('retries' in input) || input.retries === undefined) return 0
  const end = operators.findIndex((operator) => !isFunctionOperator(operator) || keepsRows(operator) || operator.op === 'perKey')
  return end < 0 ? operators.length : end
}
