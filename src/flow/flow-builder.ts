import { MillraceError } from '../base/errors.js'
import { type Aggregate, type AggregateResult, type Aggregates, collectAggregates } from './aggregates.js'
import { callStep, reducerContext } from './call-step.js'
import { columnList } from './column-list.js'
import { execute } from './execute.js'
import { explainPlan } from './explain.js'
import { type Added, type JoinCheck, type JoinOptions, joinStep } from './join-options.js'
import { countOption } from './number-option.js'
import { checkModule } from './one-module.js'
import { type Order, orderStep, type SortKey, type StableOrder } from './order.js'
import { setParams } from './params.js'
import type { Plan } from './plan.js'
import { planFlow } from './plan-flows.js'
import { describeReducer, type Reducer } from './reducer.js'
import type {
  Columns,
  ColumnsResult,
  FilterResult,
  FlatMapResult,
  ItemOf,
  MapAsyncResult,
  MapResult,
  Narrowed,
  OptionArguments,
  ReduceOptions,
  RowOfColumns,
  RowsFunction,
  ScalarColumn,
  Simplify,
  StageFunction,
  StageOptions,
  WithNeeds,
} from './row-types.js'
import type { FlowRun } from './run.js'
import type { RunOptions } from './run-options.js'
import type { Sink } from './sink.js'
import { stoppableSink } from './sinks/open-sink.js'
import type { Part } from './sinks/part-writer.js'
import { isSmallSide } from './small-side.js'
import type { FlowParts, Step } from './step.js'
import { sinkStep } from './to.js'

/** Rows in one call of `mapBatches` and `mapColumns`. */
const BATCH_ROWS = 1024
/** Calls of `mapAsync` under way at once in each worker. */
const CONCURRENCY = 16

/** How rows move between workers. */
export interface Exchange<R> {
  /** Rows of equal keys meet on one worker. */
  hash(...keys: ScalarColumn<R>[]): Flow<R>
  /** Each worker gets as many, whatever is in them. */
  roundRobin(): Flow<R>
  /** Every worker gets all rows, each as often as there are workers. */
  broadcast(): Flow<R>
  /** All rows go to one worker. */
  gather(): Flow<R>
}

/**
 * A flow over rows of type `R`. Immutable: every step returns another one, and building does no I/O.
 * Stage functions are exported, named, synchronous functions of the flow's module. `params` are cloneable values for their `ctx.params`;
 * `setup`, likewise an export, runs once in each worker before the first row and gives `ctx.state`; it may be asynchronous.
 *
 * Steps throw at once: `StageAnonymous`, `StageAsync`, `ParamInvalid`, `InvalidArgument`, each with the step's number.
 */
export class Flow<R> {
  readonly #parts: FlowParts

  /** @internal */
  constructor(parts: FlowParts) {
    this.#parts = parts
  }

  /** @internal What a flow is made of; undefined where the value is none. */
  static partsOf(value: unknown): FlowParts | undefined {
    return value instanceof Flow ? value.#parts : undefined
  }

  /** One row in, one row out. */
  map<F extends StageFunction<R>>(fn: F & MapResult<ReturnType<F>>, ...options: OptionArguments<F>): Flow<ReturnType<F>> {
    return this.#with({ op: 'map', ...callStep(fn, options[0], this.#place('map')) })
  }

  /** Keeps the rows for which `fn` returns something truthy. */
  filter<F extends StageFunction<R>>(fn: F & FilterResult<ReturnType<F>>, ...options: OptionArguments<F>): Flow<Narrowed<R, F>> {
    return this.#with({ op: 'filter', ...callStep(fn, options[0], this.#place('filter')) })
  }

  /** One row in, any number out: an array or a generator, which is pulled one row at a time and may be endless. */
  flatMap<F extends StageFunction<R>>(fn: F & FlatMapResult<ReturnType<F>>, ...options: OptionArguments<F>): Flow<ItemOf<ReturnType<F>>> {
    return this.#with({ op: 'flatMap', ...callStep(fn, options[0], this.#place('flatMap')) })
  }

  /**
   * Rows in, any number out, `rows` at once (1024 by default, fewer with the last): for functions that are faster over many. An array or a
   * generator, as with `flatMap`; `onError` leaves out all of a call. Each worker fills its own.
   */
  mapBatches<F extends RowsFunction<R[]>>(
    fn: F & FlatMapResult<ReturnType<F>>,
    ...options: OptionArguments<F, { readonly rows?: number }>
  ): Flow<ItemOf<ReturnType<F>>> {
    return this.#batches('mapBatches', fn, options[0])
  }

  /**
   * Columns in, columns out, an array for each, all of one length: for arithmetic over many rows. Numbers and bigints without nulls come as
   * `Float64Array` and `BigInt64Array`, which are not to be changed. At most `rows` at once (1024 by default), as they come; no row is made for
   * it behind or before an exchange. `onError` leaves out all of a call.
   */
  mapColumns<F extends RowsFunction<Columns<R>>>(
    fn: F & ColumnsResult<ReturnType<F>>,
    ...options: OptionArguments<F, { readonly rows?: number }>
  ): Flow<RowOfColumns<ReturnType<F>>> {
    return this.#batches('mapColumns', fn, options[0])
  }

  /**
   * One row in, the promise of one out: for functions that wait, such as for a server. Each worker has up to `concurrency` calls (16 by default)
   * under way at once, and gives rows in the order they came in. A run that is left waits for none of them: `ctx.signal` tells them.
   */
  mapAsync<F extends StageFunction<R>>(
    fn: F & MapAsyncResult<ReturnType<F>>,
    ...options: OptionArguments<F, { readonly concurrency?: number }>
  ): Flow<Awaited<ReturnType<F>>> {
    const where = this.#place('mapAsync')
    const { concurrency = CONCURRENCY } = (options[0] ?? {}) as { concurrency?: number }
    const call = callStep(fn, options[0], where, 'async')
    return this.#with({ op: 'mapAsync', concurrency: countOption(concurrency, 'concurrency', where), ...call })
  }

  /**
   * Hands all rows of each key to one call of `fn`, in order: an iterable that is read once, while the call lasts, and not kept in memory. What
   * it gives is as with `flatMap`. Rows that compare equal by `orderBy` come in any order, those without it too. The keys themselves come in
   * no order that may be relied on.
   */
  perKey<K extends ScalarColumn<R>, F extends RowsFunction<IterableIterator<R>>>(
    key: K | readonly K[],
    options: WithNeeds<F, { readonly orderBy?: Order<R> } & StableOrder>,
    fn: F & FlatMapResult<ReturnType<F>>,
  ): Flow<ItemOf<ReturnType<F>>> {
    const where = this.#place('perKey')
    const keys = columnList(key, where)
    const order = orderStep(options.orderBy ?? [], options, where)
    return this.#with({ op: 'perKey', keys, order, ...callStep(fn, options, where) })
  }

  /** Of each key the first `rows` rows of an order; the keys, and the rows of each, come in any order. */
  topPerKey<K extends ScalarColumn<R>>(
    key: K | readonly K[],
    options: { readonly orderBy: Order<R>; readonly rows: number } & StableOrder,
  ): Flow<R> {
    const where = this.#place('topPerKey')
    const keys = columnList(key, where)
    const order = orderStep(options.orderBy, options, where)
    if (order.by.length === 0) throw new MillraceError('InvalidArgument', `${where}: orderBy names at least one column`)
    return this.#with({ op: 'topPerKey', keys, rows: countOption(options.rows, 'rows', where), ...order })
  }

  /**
   * One row per distinct key with the chosen aggregates, in any order; without any, the distinct keys. Null is a key of its own.
   * `choose` runs once, now; a result named like a key is refused.
   */
  groupBy<K extends ScalarColumn<R>, A extends { readonly [as: string]: Aggregate<unknown> } = Record<never, never>>(
    key: K | readonly K[],
    choose?: (aggregates: Aggregates<R>) => A,
  ): Flow<Simplify<Pick<R, K> & { [N in keyof A]: AggregateResult<A[N]> }>> {
    const where = this.#place('groupBy')
    const keys = columnList(key, where)
    return this.#with({ op: 'groupBy', keys, aggregates: collectAggregates(keys, choose, where) })
  }

  /**
   * One row per distinct key, as groupBy, by a reducer of your own: partly where the rows are, put together on the worker that has the key.
   * The result is the key columns and what `finish` gives. States that have no room go to disk as the groups of a groupBy do.
   */
  reduceBy<K extends ScalarColumn<R>, S, Out>(
    key: K | readonly K[],
    reducer: Reducer<R, S, Out> & MapResult<Out>,
    options: ReduceOptions = {},
  ): Flow<Simplify<Pick<R, K> & Out>> {
    const where = this.#place('reduceBy')
    const call = { fn: describeReducer(reducer, where), ...reducerContext(options, where) }
    return this.#with({ op: 'reduceBy', keys: columnList(key, where), ...call })
  }

  /**
   * Orders all rows, the first key deciding first; a name alone is ascending. Nulls are last. Rows that compare equal come in any order, or,
   * with `{ stable: true }` behind the keys, ordered by all their columns, so that a `limit` keeps the same ones at every run.
   */
  sort(...keys: (SortKey<R> | StableOrder)[]): Flow<R> {
    const where = this.#place('sort')
    const last = keys.at(-1)
    const isOptions = typeof last === 'object' && !('column' in last)
    const order = orderStep((isOptions ? keys.slice(0, -1) : keys) as SortKey<R>[], isOptions ? last : {}, where)
    if (order.by.length === 0) throw new MillraceError('InvalidArgument', `${where}: name at least one column`)
    return this.#with({ op: 'sort', ...order })
  }

  /** The first `rows` rows: of the order after a sort, else of any. What cannot be needed is not produced. */
  limit(rows: number): Flow<R> {
    if (!Number.isSafeInteger(rows) || rows < 0) {
      throw new MillraceError('InvalidArgument', `${this.#place('limit')}: takes a number of rows from 0, got ${String(rows)}`)
    }
    const sink = stoppableSink(this.#parts)
    if (sink !== undefined) {
      const problem = `would stop the rows before all of them are written to ${sink.path}`
      throw new MillraceError('InvalidArgument', `${this.#place('limit')}: ${problem}: put it in front, or write in a flow of its own`)
    }
    return this.#with({ op: 'limit', rows })
  }

  /**
   * Each row with those of another flow that have equal keys: `{ on: 'airport' }`, `{ on: ['a', 'b'] }`, or `{ on: { origin: 'iata' } }`, the
   * column here and the one there. `kind`: `inner` (the default); `left`, which keeps a row without any and gives it nulls; `semi` and `anti`,
   * the rows here that have one, or none, each once and as it was. A null is equal to nothing, not even to a null.
   *
   * The other flow is read first and kept in memory, by hash of the keys on the worker that has them; so it should be the smaller one. Where it
   * is small, or with `exchange: 'broadcast'`, each worker keeps all of it, and the rows here stay where they are. Its columns come behind those here, but for its
   * keys, their names ended by `suffix`; one that is there already ends the run with `ColumnClash`, keys of different types with `ColumnType`.
   *
   * @throws MillraceError `InvalidArgument`, for a flow of another module too
   */
  join<R2, const O extends JoinOptions<R, R2>>(right: Flow<R2>, options: O & JoinCheck<R, R2, O>): Flow<Simplify<R & Added<R2, O>>> {
    const where = this.#place('join')
    return this.#with(joinStep(this.#other(right, where), options, where))
  }

  /** The rows of both, in any order, those that are in both twice. Their columns have one type each. @throws MillraceError `InvalidArgument` */
  union(other: Flow<R>): Flow<R> {
    return this.#with({ op: 'union', other: this.#other(other, this.#place('union')) })
  }

  /** Each row once: with columns, as `groupBy` of them; without, rows that are equal in all. A column that is missing is null. */
  distinct(): Flow<R>
  distinct<K extends ScalarColumn<R>>(...columns: K[]): Flow<Simplify<Pick<R, K>>>
  distinct<K extends ScalarColumn<R>>(...columns: K[]): Flow<Simplify<Pick<R, K>>> | Flow<R> {
    if (columns.length === 0) return this.#with<R>({ op: 'distinct' })
    const keys = columnList(columns, this.#place('distinct'))
    return this.#with<Simplify<Pick<R, K>>>({ op: 'groupBy', keys, aggregates: [] })
  }

  /**
   * Writes all rows to a file or a folder of files, and gives a row for each. No name is there before the run has ended well; what is under the
   * name of one file already is replaced. One file is written by one worker, in the order of a `sort` before; a folder where the rows are.
   *
   * A run ends with `SinkExists` where the folder has parts already, `SinkWrite` where the file system refuses something, `SinkColumn` for a
   * row that does not fit the file, `SinkIncomplete` where something stopped the rows before all were written.
   *
   * @throws MillraceError `InvalidArgument`
   */
  write(sink: Sink<R>): Flow<Part> {
    return this.#with(sinkStep('write', sink, this.#place('write')))
  }

  /** Writes the rows, as `write` does, and passes them on. To one file they go through one worker: to a folder from where they are. @throws MillraceError `InvalidArgument` */
  tee(sink: Sink<R>): Flow<R> {
    return this.#with(sinkStep('tee', sink, this.#place('tee')))
  }

  /** Moves rows between workers without changing them. */
  get exchange(): Exchange<R> {
    return {
      hash: (...keys) => this.#with({ op: 'hash', keys: columnList(keys, this.#place('exchange.hash')) }),
      roundRobin: () => this.#with({ op: 'roundRobin' }),
      broadcast: () => this.#with({ op: 'broadcast' }),
      gather: () => this.#with({ op: 'gather' }),
    }
  }

  /** The plan as plain JSON, for files as they are now, seen from the working directory. */
  async plan(): Promise<Plan> {
    return this.#plan()
  }

  /** The plan as text. */
  async explain(): Promise<string> {
    return explainPlan(this.#plan())
  }

  /** Runs the flow. Nothing starts before the rows are asked for. @throws MillraceError `ParamUnknown`, `ParamInvalid`, `InvalidArgument` */
  run(options: RunOptions = {}): FlowRun<R> {
    return execute<R>(setParams(this.#plan(options.cwd), options.params ?? {}), options)
  }

  #plan(cwd: string = process.cwd()): Plan {
    return planFlow(this.#parts, (parts) => isSmallSide(parts, cwd))
  }

  #batches<Out>(op: 'mapBatches' | 'mapColumns', fn: unknown, options: (StageOptions & { readonly rows?: number }) | undefined): Flow<Out> {
    const where = this.#place(op)
    return this.#with({ op, rows: countOption(options?.rows ?? BATCH_ROWS, 'rows', where), ...callStep(fn, options, where) })
  }

  #with<Out>(step: Step): Flow<Out> {
    return new Flow<Out>({ ...this.#parts, steps: [...this.#parts.steps, step] })
  }

  #other(other: unknown, where: string): FlowParts {
    const parts = Flow.partsOf(other)
    if (parts === undefined) throw new MillraceError('InvalidArgument', `${where}: takes another flow first`)
    checkModule(where, 'the other flow', parts, this.#parts)
    return parts
  }

  #place(op: string): string {
    return `operator ${this.#parts.steps.length + 1} (${op})`
  }
}
