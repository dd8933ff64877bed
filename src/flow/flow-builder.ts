import { MillraceError } from '../base/errors.js'
import { type Aggregate, type AggregateResult, type Aggregates, collectAggregates, refuseProto } from './aggregates.js'
import { buildPlan } from './build-plan.js'
import { execute } from './execute.js'
import { explainPlan } from './explain.js'
import { encodeParams } from './param-codec.js'
import { setParams } from './params.js'
import type { FileInputPlan, FunctionOperatorPlan, OrderKey, Plan } from './plan.js'
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
import type { Step } from './step.js'

/** What `flow()` returns: it only lacks something to read. */
export interface FlowStart {
  /** What the flow reads: `lines()`, `jsonl()` or `parquet()`. @throws MillraceError `InvalidArgument` */
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
      if (source?.input?.kind === undefined) throw new MillraceError('InvalidArgument', 'read() takes lines(), jsonl() or parquet()')
      return new Flow<R>(url, source.input, [])
    },
  }
}

/**
 * A flow over rows of type `R`. Immutable: every step returns another one, and building does no I/O.
 * Stage functions are exported, named, synchronous functions of the flow's module. `params` are cloneable values for their `ctx.params`;
 * `setup`, likewise an export, runs once in each worker before the first row and gives `ctx.state`; it may be asynchronous.
 *
 * Steps throw at once: `StageAnonymous`, `StageAsync`, `ParamInvalid`, `InvalidArgument`, each with the step's number.
 */
export class Flow<R> {
  readonly #module: string
  readonly #input: FileInputPlan
  readonly #steps: readonly Step[]

  /** @internal */
  constructor(module: string, input: FileInputPlan, steps: readonly Step[]) {
    this.#module = module
    this.#input = input
    this.#steps = steps
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

  /** Moves rows between workers without changing them. `hash`: rows of equal keys meet on one worker. */
  get exchange(): { hash(...keys: Column<R>[]): Flow<R> } {
    return { hash: (...keys) => this.#with({ op: 'hash', keys: columnList(keys, this.#place('exchange.hash')) }) }
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
    return buildPlan(this.#module, this.#input, this.#steps)
  }

  #with<Out>(step: Step): Flow<Out> {
    return new Flow<Out>(this.#module, this.#input, [...this.#steps, step])
  }

  #place(op: string): string {
    return `operator ${this.#steps.length + 1} (${op})`
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

/** At least one column, each once. */
function columnList(columns: string | readonly string[], where: string): string[] {
  const list = typeof columns === 'string' ? [columns] : [...columns]
  if (list.length === 0) throw new MillraceError('InvalidArgument', `${where}: name at least one column`)
  for (const column of list) {
    if (typeof column !== 'string') throw new MillraceError('InvalidArgument', `${where}: a column is named by text, got ${typeof column}`)
    refuseProto(column, where)
  }
  if (new Set(list).size < list.length) throw new MillraceError('InvalidArgument', `${where}: a column is named twice: ${list.join(', ')}`)
  return list
}
