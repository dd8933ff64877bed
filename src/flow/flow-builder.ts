import { MillraceError } from '../base/errors.js'
import { type Aggregate, type AggregateResult, type Aggregates, collectAggregates } from './aggregates.js'
import { buildPlan } from './build-plan.js'
import { columnList } from './column-list.js'
import { execute } from './execute.js'
import { explainPlan } from './explain.js'
import { type Added, type JoinCheck, type JoinOptions, joinStep } from './join-options.js'
import { encodeParams } from './param-codec.js'
import { setParams } from './params.js'
import type { FunctionOperatorPlan, OrderKey, Plan } from './plan.js'
import type {
  Column,
  FilterResult,
  FlatMapResult,
  ItemOf,
  MapResult,
  Narrowed,
  OptionArguments,
  Simplify,
  StageFunction,
  StageOptions,
} from './row-types.js'
import type { FlowRun, RunOptions } from './run-options.js'
import type { Source } from './source.js'
import { describeFunction, refuseAsync } from './stage-function.js'
import type { FlowParts, Step } from './step.js'

/** What `flow()` returns: it only lacks something to read. */
export interface FlowStart {
  /** What the flow reads: `lines()`, `jsonl()`, `csv()`, `parquet()`, `arrow()` or `rows()`. @throws MillraceError `InvalidArgument` */
  read<R>(source: Source<R>): Flow<R>
}

/**
 * Begins a flow. `module` is `import.meta.url` of the module that exports the stage functions: workers import it.
 *
 * @throws MillraceError `InvalidArgument` where it is not a URL
 */
export function flow(module: string | URL): FlowStart {
  const url = String(module)
  if (!URL.canParse(url)) throw new MillraceError('InvalidArgument', `flow() takes import.meta.url, got ${JSON.stringify(url)}`)
  return {
    read: <R>(source: Source<R>): Flow<R> => {
      if (source?.input?.kind === undefined)
        throw new MillraceError('InvalidArgument', 'read() takes lines(), jsonl(), csv(), parquet(), arrow() or rows()')
      return new Flow<R>({ module: url, input: source.input, steps: [] })
    },
  }
}

/** How rows move between workers. */
export interface Exchange<R> {
  /** Rows of equal keys meet on one worker. */
  hash(...keys: Column<R>[]): Flow<R>
  /** Each worker gets as many, whatever is in them. */
  roundRobin(): Flow<R>
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

  /** One row in, one row out. */
  map<F extends StageFunction<R>>(fn: F & MapResult<ReturnType<F>>, ...options: OptionArguments<F>): Flow<ReturnType<F>> {
    return this.#with(this.#call('map', fn, options[0]))
  }

  /** Keeps the rows for which `fn` returns something truthy. */
  filter<F extends StageFunction<R>>(fn: F & FilterResult<ReturnType<F>>, ...options: OptionArguments<F>): Flow<Narrowed<R, F>> {
    return this.#with(this.#call('filter', fn, options[0]))
  }

  /** One row in, any number out: an array or a generator, which is pulled one row at a time and may be endless. */
  flatMap<F extends StageFunction<R>>(fn: F & FlatMapResult<ReturnType<F>>, ...options: OptionArguments<F>): Flow<ItemOf<ReturnType<F>>> {
    return this.#with(this.#call('flatMap', fn, options[0]))
  }

  /**
   * One row per distinct key with the chosen aggregates, in any order; without any, the distinct keys. Null is a key of its own.
   * `choose` runs once, now; a result named like a key is refused.
   */
  groupBy<K extends Column<R>, A extends { readonly [as: string]: Aggregate<unknown> } = Record<never, never>>(
    key: K | readonly K[],
    choose?: (aggregates: Aggregates<R>) => A,
  ): Flow<Simplify<Pick<R, K> & { [N in keyof A]: AggregateResult<A[N]> }>> {
    const where = this.#place('groupBy')
    const keys = columnList(key, where)
    return this.#with({ op: 'groupBy', keys, aggregates: collectAggregates(keys, choose, where) })
  }

  /** Orders all rows, the first key deciding first; a name alone is ascending. Nulls are last. Rows that compare equal come in any order. */
  sort(...keys: (Column<R> | OrderKey<Column<R>>)[]): Flow<R> {
    const by = keys.map((key) =>
      typeof key === 'string' ? { column: key, descending: false } : { column: key.column, descending: key.descending },
    )
    columnList(
      by.map((key) => key.column),
      this.#place('sort'),
    )
    return this.#with({ op: 'sort', by })
  }

  /** The first `rows` rows: of the order after a sort, else of any. What cannot be needed is not produced. */
  limit(rows: number): Flow<R> {
    if (!Number.isSafeInteger(rows) || rows < 0) {
      throw new MillraceError('InvalidArgument', `${this.#place('limit')}: takes a number of rows from 0, got ${String(rows)}`)
    }
    return this.#with({ op: 'limit', rows })
  }

  /**
   * Each row with those of another flow that have equal keys: `{ on: 'airport' }`, `{ on: ['a', 'b'] }`, or `{ on: { origin: 'iata' } }`, the
   * column here and the one there. `kind`: `inner` (the default); `left`, which keeps a row without any and gives it nulls; `semi` and `anti`,
   * the rows here that have one, or none, each once and as it was. A null is equal to nothing, not even to a null.
   *
   * The other flow is read first and kept in memory, by hash of the keys on the worker that has them; so it should be the smaller one. With
   * `exchange: 'broadcast'` each worker keeps all of it, and the rows here stay where they are. Its columns come behind those here, but for its
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
  distinct<K extends Column<R>>(...columns: K[]): Flow<Simplify<Pick<R, K>>>
  distinct<K extends Column<R>>(...columns: K[]): Flow<Simplify<Pick<R, K>>> | Flow<R> {
    if (columns.length === 0) return this.#with<R>({ op: 'distinct' })
    const keys = columnList(columns, this.#place('distinct'))
    return this.#with<Simplify<Pick<R, K>>>({ op: 'groupBy', keys, aggregates: [] })
  }

  /** Moves rows between workers without changing them. */
  get exchange(): Exchange<R> {
    return {
      hash: (...keys) => this.#with({ op: 'hash', keys: columnList(keys, this.#place('exchange.hash')) }),
      roundRobin: () => this.#with({ op: 'roundRobin' }),
      gather: () => this.#with({ op: 'gather' }),
    }
  }

  /** The plan as plain JSON. */
  async plan(): Promise<Plan> {
    return this.#plan()
  }

  /** The plan as text. */
  async explain(): Promise<string> {
    return explainPlan(this.#plan())
  }

  /** Runs the flow. Nothing starts before the rows are asked for. @throws MillraceError `ParamUnknown`, `ParamInvalid`, `InvalidArgument` */
  run(options: RunOptions = {}): FlowRun<R> {
    return execute<R>(setParams(this.#plan(), options.params ?? {}), options)
  }

  #plan(): Plan {
    return buildPlan(this.#parts)
  }

  #with<Out>(step: Step): Flow<Out> {
    return new Flow<Out>({ ...this.#parts, steps: [...this.#parts.steps, step] })
  }

  #other(other: unknown, where: string): FlowParts {
    if (!(other instanceof Flow)) throw new MillraceError('InvalidArgument', `${where}: takes another flow first`)
    const { module } = other.#parts
    if (module === this.#parts.module) return other.#parts
    throw new MillraceError(
      'InvalidArgument',
      `${where}: the other flow has its functions in ${module}, this one in ${this.#parts.module}: give both the same module to flow()`,
    )
  }

  #place(op: string): string {
    return `operator ${this.#parts.steps.length + 1} (${op})`
  }

  #call(op: FunctionOperatorPlan['op'], fn: unknown, options: StageOptions = {}): FunctionOperatorPlan {
    const where = this.#place(op)
    const ref = describeFunction(fn, where)
    refuseAsync(fn as StageFunction<R>, where)
    const params = options.params === undefined ? {} : { params: encodeParams(checkParams(options.params, where), where) }
    const setup = options.setup === undefined ? {} : { setup: describeFunction(options.setup, `${where} setup`) }
    return { op, fn: ref, ...params, ...setup }
  }
}

function checkParams(params: unknown, where: string): object {
  if (typeof params === 'object' && params !== null && !Array.isArray(params)) return params
  throw new MillraceError('ParamInvalid', `${where}: params is an object of names and values`)
}
