import type {
  ExchangeInputPlan,
  InputPlan,
  OperatorPlan,
  OrderPlan,
  OutputPlan,
  SinkOperatorPlan,
  SqlInputPlan,
  StagePlan,
} from './plan.js'
import type { FlowParts, SqlStep, Step } from './step.js'

/** Steps behind which rows are in the order in which they were. */
const KEEP_ORDER: ReadonlySet<Step['op']> = new Set<Step['op']>([
  'map',
  'filter',
  'flatMap',
  'mapBatches',
  'mapColumns',
  'mapAsync',
  'write',
  'tee',
])

/** What the last step asked for and the next one decides. */
type Pending = { kind: 'sort'; order: OrderPlan } | { kind: 'trim'; rows: number } | undefined

/** Whether all of a flow's rows may go to every worker. */
export type IsSmall = (parts: FlowParts) => boolean

type WithoutTo<O> = O extends unknown ? Omit<O, 'to'> : never
/** Where it goes is known when that stage is. */
type OpenOutput = WithoutTo<OutputPlan>

const GATHER: OpenOutput = { exchange: 'gather' }

/**
 * Cuts the steps of a flow into stages at every exchange. Its stages come behind those that are there. The last one is open, and gets its number
 * when it is closed.
 *
 * - groupBy, reduceBy: partial here, hash exchange, final there. distinct: the same by the whole row; topPerKey: the same by its keys.
 * - perKey: hash exchange, sort there by key and order.
 * - sort: in each worker, ordered merge on one.
 * - sort and limit: top-k in each worker, ordered merge on one, limit there.
 * - limit: in each worker, and again where the rows come together: on one worker, or at the leader if nothing follows.
 * - join: both sides by hash of the keys to the same worker, or the right side to all, if that was asked for or `isSmall` says so; the right side's stages stand before.
 * - sql: all tables to one worker; or, where each flow ends with an exchange that says so, on every worker what comes there. As a source: on one.
 * - union: both sides, dealt out, to one stage.
 * - write and tee: to one file on one worker, to a folder where the rows are.
 *
 * A sort before another sort, a groupBy, reduceBy, perKey, join, union or exchange is left out: its order would be lost. Once the rows are on one worker
 * they stay there until an explicit exchange, join or union, and group, sort and limit need none.
 */
export class Planner {
  #input: InputPlan
  #on: 'all' | 'one' = 'all'
  #operators: OperatorPlan[] = []
  #pending: Pending
  /** Stages that send to the open one. */
  #senders: number[] = []

  constructor(
    readonly stages: StagePlan[],
    source: InputPlan | SqlInputPlan,
    private readonly isSmall: IsSmall,
  ) {
    if (source.kind !== 'sql') {
      this.#input = source
      return
    }
    const { kind: _kind, ...statement } = source
    this.#input = { kind: 'exchange', stages: [] }
    this.#on = 'one'
    this.#operators.push({ op: 'sql', ...statement, tables: [] })
  }

  add(step: Step): void {
    if (step.op === 'limit') {
      this.#limit(step.rows)
      return
    }
    const keepsOrder = KEEP_ORDER.has(step.op)
    this.#settle(keepsOrder ? 'ordered' : 'unordered')
    switch (step.op) {
      case 'sort':
        this.#pending = { kind: 'sort', order: orderOf(step) }
        return
      case 'perKey':
        this.#perKey(step)
        return
      case 'topPerKey':
        this.#topPerKey(step)
        return
      case 'groupBy':
        this.#group(step)
        return
      case 'reduceBy':
        this.#reduce(step)
        return
      case 'distinct':
        this.#distinct()
        return
      case 'join':
        this.#join(step)
        return
      case 'union':
        this.#union(step.other)
        return
      case 'sql':
        this.#sql(step)
        return
      case 'hash':
        this.#exchange('all', { exchange: 'hash', keys: step.keys })
        return
      case 'roundRobin':
      case 'broadcast':
        this.#exchange('all', { exchange: step.op })
        return
      case 'gather':
        this.#exchange('one', { exchange: 'gather' })
        return
      case 'write':
      case 'tee':
        this.#sink(step)
        return
      default:
        this.#operators.push(step)
    }
  }

  /** The rows go to the leader, as those of this flow. */
  finish(flow?: number): void {
    const limit = this.#pending?.kind === 'trim' ? { limit: this.#pending.rows } : {}
    if (this.#pending?.kind === 'trim') this.#pending = undefined
    this.#settle('ordered')
    this.#close({ exchange: 'gather', to: 'leader', ...limit, ...(flow !== undefined && { flow }) })
  }

  /**
   * Here flows part that were the same so far: one planner for each. `next` are the steps that they go on with, undefined for one that is over. What a limit
   * keeps is the same for all; so is an order, if they `wantOrder`.
   */
  fork(next: readonly (Step | undefined)[]): Planner[] {
    if (this.#pending?.kind === 'trim' || wantOrder(next)) this.#settle('ordered')
    const stage = this.#close({ exchange: 'fork', to: [] })
    return next.map(() => {
      const branch = new Planner(this.stages, { kind: 'fork', stage }, this.isSmall)
      branch.#on = this.#on
      branch.#pending = this.#pending
      branch.#senders = [stage]
      return branch
    })
  }

  /** Does what the last step left open, now that another step follows. */
  #settle(order: 'ordered' | 'unordered'): void {
    const pending = this.#pending
    this.#pending = undefined
    if (pending?.kind === 'trim') {
      this.#exchange('one', { exchange: 'gather' })
      this.#operators.push({ op: 'limit', rows: pending.rows })
    } else if (pending?.kind === 'sort' && order === 'ordered') {
      this.#operators.push({ op: 'sort', ...pending.order })
      if (this.#on === 'all') this.#merge(pending.order)
    }
  }

  #limit(rows: number): void {
    const pending = this.#pending
    this.#pending = undefined
    if (pending?.kind === 'sort') {
      this.#operators.push({ op: 'topK', rows, ...pending.order })
      if (this.#on === 'one') return
      this.#merge(pending.order)
      this.#operators.push({ op: 'limit', rows })
    } else if (pending?.kind === 'trim') {
      this.#operators[this.#operators.length - 1] = { op: 'limit', rows: Math.min(rows, pending.rows) }
      this.#pending = { kind: 'trim', rows: Math.min(rows, pending.rows) }
    } else {
      this.#operators.push({ op: 'limit', rows })
      if (this.#on === 'all') this.#pending = { kind: 'trim', rows }
    }
  }

  #group({ keys, aggregates }: Extract<Step, { op: 'groupBy' }>): void {
    this.#operators.push({ op: 'groupPartial', keys, aggregates })
    if (this.#on === 'all') this.#exchange('all', { exchange: 'hash', keys })
    this.#operators.push({ op: 'groupFinal', keys, aggregates })
  }

  #reduce({ op: _op, ...rest }: Extract<Step, { op: 'reduceBy' }>): void {
    this.#operators.push({ op: 'reducePartial', ...rest })
    if (this.#on === 'all') this.#exchange('all', { exchange: 'hash', keys: rest.keys })
    this.#operators.push({ op: 'reduceFinal', ...rest })
  }

  #perKey({ order, ...operator }: Extract<Step, { op: 'perKey' }>): void {
    const { keys } = operator
    if (this.#on === 'all') this.#exchange('all', { exchange: 'hash', keys })
    const byKey = keys.map((column) => ({ column, descending: false }))
    this.#operators.push({ op: 'sort', ...order, by: [...byKey, ...order.by] }, operator)
  }

  #topPerKey({ op: _op, ...rest }: Extract<Step, { op: 'topPerKey' }>): void {
    if (this.#on === 'all') {
      this.#operators.push({ op: 'topPerKeyPartial', ...rest })
      this.#exchange('all', { exchange: 'hash', keys: rest.keys })
    }
    this.#operators.push({ op: 'topPerKeyFinal', ...rest })
  }

  #distinct(): void {
    if (this.#on === 'all') {
      this.#operators.push({ op: 'distinctPartial' })
      this.#exchange('all', { exchange: 'hash', keys: [] })
    }
    this.#operators.push({ op: 'distinctFinal' })
  }

  #join({ exchange: asked, right, ...operator }: Extract<Step, { op: 'join' }>): void {
    const { keys, rightKeys } = operator
    const exchange = asked !== 'bySize' ? asked : this.isSmall(right) ? 'broadcast' : 'hash'
    const from = this.#planned(right, exchange === 'hash' ? { exchange, keys: rightKeys } : { exchange })
    if (exchange === 'hash') this.#exchange('all', { exchange, keys })
    this.#senders.push(from)
    this.#operators.push({ ...operator, right: from })
  }

  #union(other: FlowParts): void {
    const from = this.#planned(other, { exchange: 'roundRobin' })
    this.#exchange('all', { exchange: 'roundRobin' })
    this.#senders.push(from)
    this.#input = { kind: 'exchange', stages: [...(this.#input as ExchangeInputPlan).stages, from] }
  }

  #sql({ table, others, isSpread, text, values, columns }: SqlStep): void {
    const beside = others.map(({ table, parts }) => ({ ...table, stage: isSpread ? this.#spread(parts) : this.#planned(parts, GATHER) }))
    if (!isSpread && this.#on === 'all') this.#exchange('one', GATHER)
    this.#senders.push(...beside.map(({ stage }) => stage))
    this.#operators.push({ op: 'sql', text, values, columns, tables: [...beside, table] })
  }

  /** The stages of a flow that ends with an exchange, which is how its rows come. */
  #spread({ steps, ...parts }: FlowParts): number {
    const last = steps[steps.length - 1]
    const output: OpenOutput =
      last.op === 'hash' ? { exchange: 'hash', keys: last.keys } : { exchange: last.op as 'roundRobin' | 'broadcast' }
    return this.#planned({ ...parts, steps: steps.slice(0, -1) }, output)
  }

  #sink(step: SinkOperatorPlan): void {
    if (step.sink.parts === undefined && this.#on === 'all') this.#exchange('one', { exchange: 'gather' })
    this.#operators.push(step)
  }

  /** The stages of another flow, the last of which sends its rows to a stage that is not there yet. Returns its number. */
  #planned({ input, steps }: FlowParts, output: OpenOutput): number {
    const planner = new Planner(this.stages, input, this.isSmall)
    for (const step of steps) planner.add(step)
    planner.#settle('unordered')
    return planner.#close(output)
  }

  #merge(order: OrderPlan): void {
    this.#exchange('one', { exchange: 'merge', ...order })
  }

  /** Ends the stage; the next one reads what it sends. */
  #exchange(on: 'all' | 'one', output: OpenOutput): void {
    const stage = this.#close(output)
    this.#on = on
    this.#input = { kind: 'exchange', stages: [stage], ...(output.exchange === 'merge' ? { merge: orderOf(output) } : {}) }
    this.#operators = []
    this.#senders = [stage]
  }

  /** Gives the open stage its number, which those that send to it learn now. */
  #close(output: OpenOutput | OutputPlan): number {
    const id = this.stages.length
    for (const sender of this.#senders) {
      const stage = this.stages[sender]
      this.stages[sender] = { ...stage, output: sentTo(stage.output, id) }
    }
    this.stages.push({ id, on: this.#on, input: this.#input, operators: this.#operators, output: { to: id, ...output } as OutputPlan })
    return id
  }
}

function sentTo(output: OutputPlan, stage: number): OutputPlan {
  return output.exchange === 'fork' ? { ...output, to: [...output.to, stage] } : { ...output, to: stage }
}

/** Whether flows that part behind a sort have its order in common: all of them see it, and not only its first rows. */
export function wantOrder(next: readonly (Step | undefined)[]): boolean {
  return next.every(takesOrder) && next.some((step) => step?.op !== 'limit')
}

/** Whether an order before this step is seen behind it; undefined: the end. */
export function takesOrder(step: Step | undefined): boolean {
  return step === undefined || step.op === 'limit' || KEEP_ORDER.has(step.op)
}

function orderOf({ by, stable }: OrderPlan): OrderPlan {
  return stable ? { by, stable } : { by }
}
