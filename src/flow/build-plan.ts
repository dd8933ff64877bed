import {
  type ExchangeInputPlan,
  type FileInputPlan,
  type InputPlan,
  isFunctionOperator,
  type OperatorPlan,
  type OrderKey,
  type OutputPlan,
  type Plan,
  type StagePlan,
} from './plan.js'
import type { Step } from './step.js'

/**
 * Cuts a list of steps into stages at every exchange.
 *
 * - groupBy: partial here, hash exchange, final there.
 * - sort: in each worker, ordered merge on one.
 * - sort and limit: top-k in each worker, ordered merge on one, limit there.
 * - limit: in each worker, and again where the rows come together: on one worker, or at the leader if nothing follows.
 *
 * A sort before another sort, a groupBy or an exchange is left out: its order would be lost. Once the rows are on one worker
 * they stay there until an explicit exchange, and group, sort and limit need none.
 */
export function buildPlan(module: string, input: FileInputPlan, steps: readonly Step[]): Plan {
  const planner = new Planner(input)
  for (const step of steps) planner.add(step)
  return { version: 1, module, stages: planner.finish() }
}

/** What the last step asked for and the next one decides. */
type Pending = { kind: 'sort'; by: readonly OrderKey[] } | { kind: 'trim'; rows: number } | undefined

class Planner {
  readonly #stages: StagePlan[] = []
  #on: 'all' | 'one' = 'all'
  #input: InputPlan
  #operators: OperatorPlan[] = []
  #pending: Pending

  constructor(input: FileInputPlan) {
    this.#input = input
  }

  add(step: Step): void {
    if (step.op === 'limit') {
      this.#limit(step.rows)
      return
    }
    this.#settle(isFunctionOperator(step) ? 'ordered' : 'unordered')
    if (step.op === 'sort') this.#pending = { kind: 'sort', by: step.by }
    else if (step.op === 'groupBy') this.#group(step)
    else if (step.op === 'hash') this.#exchange('all', { exchange: 'hash', keys: step.keys, to: this.#next })
    else this.#operators.push(step)
  }

  finish(): StagePlan[] {
    const limit = this.#pending?.kind === 'trim' ? { limit: this.#pending.rows } : {}
    if (this.#pending?.kind === 'trim') this.#pending = undefined
    this.#settle('ordered')
    this.#close({ exchange: 'gather', to: 'leader', ...limit })
    return this.#stages
  }

  get #next(): number {
    return this.#stages.length + 1
  }

  /** Does what the last step left open, now that another step follows. */
  #settle(order: 'ordered' | 'unordered'): void {
    const pending = this.#pending
    this.#pending = undefined
    if (pending?.kind === 'trim') {
      this.#exchange('one', { exchange: 'gather', to: this.#next })
      this.#operators.push({ op: 'limit', rows: pending.rows })
    } else if (pending?.kind === 'sort' && order === 'ordered') {
      this.#operators.push({ op: 'sort', by: pending.by })
      if (this.#on === 'all') this.#merge(pending.by)
    }
  }

  #limit(rows: number): void {
    const pending = this.#pending
    this.#pending = undefined
    if (pending?.kind === 'sort') {
      this.#operators.push({ op: 'topK', by: pending.by, rows })
      if (this.#on === 'one') return
      this.#merge(pending.by)
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
    if (this.#on === 'all') this.#exchange('all', { exchange: 'hash', keys, to: this.#next })
    this.#operators.push({ op: 'groupFinal', keys, aggregates })
  }

  #merge(by: readonly OrderKey[]): void {
    this.#exchange('one', { exchange: 'merge', by, to: this.#next })
  }

  /** Ends the stage; the next one reads what it sends. */
  #exchange(on: 'all' | 'one', output: OutputPlan): void {
    const input: ExchangeInputPlan = {
      kind: 'exchange',
      stage: this.#stages.length,
      ...(output.exchange === 'merge' ? { merge: output.by } : {}),
    }
    this.#close(output)
    this.#on = on
    this.#input = input
    this.#operators = []
  }

  #close(output: OutputPlan): void {
    this.#stages.push({ id: this.#stages.length, on: this.#on, input: this.#input, operators: this.#operators, output })
  }
}
