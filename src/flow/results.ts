import { Wakeups } from '../base/wakeups.js'
import { FoundInt32, type Int32Columns } from '../columnar/int32-columns.js'
import type { Row } from '../columnar/schema.js'
import { ExchangeInput } from '../exchange/exchange-input.js'
import { Gather } from '../exchange/gather.js'
import type { Inbound } from '../stream/inbound.js'
import type { OutputPlan, Plan, StagePlan } from './plan.js'
import type { Topology } from './topology.js'

/** Rows of one flow of a run. */
export interface FlowRows {
  readonly flow: number
  readonly rows: readonly Row[]
}

type LeaderOutput = Extract<OutputPlan, { exchange: 'gather' }>

/** The rows of one flow, as they come from all workers, up to its limit. */
class Result {
  readonly flow: number
  /** Of the rows given so far. */
  readonly int32: FoundInt32 = new FoundInt32()
  #left: number
  #gather: Gather | undefined

  constructor(
    readonly stage: StagePlan,
    output: LeaderOutput,
  ) {
    this.flow = output.flow ?? 0
    this.#left = output.limit ?? Number.POSITIVE_INFINITY
  }

  /** It has all the rows that it may have: others were not made, or were dropped. */
  get isFull(): boolean {
    return this.#left === 0
  }

  get isDone(): boolean {
    return this.isFull || this.#gather === undefined || this.#gather.isDone
  }

  open(inbounds: Inbound[]): void {
    this.#gather = new Gather(new ExchangeInput(nameOf(this.stage.id), inbounds, this.int32))
    if (this.isFull) this.close()
  }

  /** The rows of the next batch that is there. */
  take(): readonly Row[] | undefined {
    const batch = this.isFull ? undefined : this.#gather?.take()
    if (batch === undefined) return undefined
    const wanted = this.#left
    const rows = wanted >= batch.rowCount ? batch.rows() : Array.from({ length: wanted }, (_none, index) => batch.row(index))
    this.#left -= rows.length
    if (this.isFull) this.close()
    return rows
  }

  ready(): Promise<void> {
    return this.#gather?.ready() ?? Promise.resolve()
  }

  close(): void {
    this.#gather?.close()
  }
}

/**
 * The rows of all flows of a run, at its leader: of whichever has some, in turn, so that none is read at the cost of another. A flow that has its
 * rows is cancelled by itself.
 */
export class Results {
  /** Those that are open, in the order in which they are asked. */
  #open: Result[]
  readonly #all: readonly Result[]
  readonly #wakeups = new Wakeups()
  /** Rows given so far. */
  rows = 0

  constructor(private readonly plan: Plan) {
    this.#all = plan.stages.flatMap((stage) =>
      stage.output.exchange === 'gather' && stage.output.to === 'leader' ? [new Result(stage, stage.output)] : [],
    )
    this.#open = [...this.#all]
  }

  /** `request` asks for the rows of one worker. */
  open(topology: Topology, request: (stage: number, sender: ReturnType<Topology['members']>[number], name: string) => Inbound): void {
    for (const result of this.#all) {
      const { id } = result.stage
      result.open(topology.members(result.stage).map((sender) => request(id, sender, nameOf(id))))
    }
  }

  /** Which columns of the rows of the first flow are int32, so far. */
  get int32(): Int32Columns {
    return this.#all[0].int32
  }

  /** Rows of the first flow that the leader has itself, if there are any. */
  give(rows: readonly object[]): FlowRows | undefined {
    if (rows.length === 0) return undefined
    this.rows += rows.length
    return { flow: this.#all[0].flow, rows: rows.map((row) => ({ ...row })) }
  }

  /** The next rows that are there. Throws what ended a stream. */
  take(): FlowRows | undefined {
    for (const result of this.#open) {
      const rows = result.take()
      if (rows === undefined) continue
      this.rows += rows.length
      // To the back, so that the others come first next time.
      this.#open = [...this.#open.filter((each) => each !== result), result]
      return { flow: result.flow, rows }
    }
    return undefined
  }

  get isDone(): boolean {
    return this.#all.every(({ isDone }) => isDone)
  }

  /** Resolves when `take` may give something, or all is done. */
  ready(): Promise<void> {
    this.#open = this.#open.filter(({ isDone }) => !isDone)
    if (this.#open.length === 0) return Promise.resolve()
    return this.#wakeups.any(Object.fromEntries(this.#open.map((result) => [String(result.flow), () => result.ready()])))
  }

  /** Whether every flow that has rows of this stage has all it may have: what the stage says then depends on when it was stopped. */
  isSatisfied(stage: number): boolean {
    return this.#flowsOf(stage).every(({ isFull }) => isFull)
  }

  close(): void {
    for (const result of this.#all) result.close()
  }

  #flowsOf(stage: number): Result[] {
    const { output } = this.plan.stages[stage]
    if (output.exchange === 'fork') return output.to.flatMap((to) => this.#flowsOf(to))
    return output.to === 'leader' ? this.#all.filter((result) => result.stage.id === stage) : this.#flowsOf(output.to)
  }
}

export function nameOf(stage: number): string {
  return `the rows of stage ${stage}`
}
