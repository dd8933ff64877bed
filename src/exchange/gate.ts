import { type Clock, systemClock } from '../base/clock.js'
import { MillraceError } from '../base/errors.js'
import type { ClosedGate, SourceTask } from '../stream/source-task.js'

/** What of an exchange's output the gate has to know and to do. */
export interface GatedOutput {
  /** For messages: which exchange this is. */
  readonly name: string
  /** Bytes in memory that wait for receivers: queued messages and half-built batches. */
  readonly queuedBytes: number
  /** Bytes on disk that wait for receivers. */
  readonly spilledBytes: number
  /** Whether what exceeds the budget can go to disk. */
  readonly canSpill: boolean
  /** There are no more rows: END to each receiver that has none on disk. */
  finishUnspilled(): void
  /** Gives receivers that are hungry what waits for them on disk. */
  refill(): void
  /** Whether a receiver has a half-built batch. */
  isBuilding(receiver: number): boolean
  /** Sends the half-built batch of a receiver, if it has one. */
  flush(receiver: number): void
}

/** Half-built batches go out no more often: to wake who waits for them costs both sides as much as some thousand rows. */
const LINGER_MS = 1

/**
 * Decides whether a source may pull its own input.
 *
 * Rows for a receiver that is not hungry have nowhere to go but its queue. Within the budget, any hungry receiver opens the gate.
 * Above it, and while anything is on disk, only one does whose consumer waits (starving), for what that consumer waits for may be what
 * all the others wait for in turn: an ordered merge takes no row of one input before it has one of each. Its half-built batch goes out
 * first; within the budget that may be a millisecond later. What then exceeds the budget goes to disk; where it may not, the query fails with `QueueBudget`: it never hangs.
 */
export class Gate {
  private fedMs = Number.NEGATIVE_INFINITY
  /** Whether a half-built batch waits for its time. */
  private lingers = false

  constructor(
    private readonly task: SourceTask,
    private readonly output: GatedOutput,
    private readonly budgetBytes: number,
    private readonly clock: Pick<Clock, 'now'> = systemClock,
  ) {}

  /** Resolves when the source may go on. False: nobody wants more. Rejects with `QueueBudget`, `SpillFailed`. */
  async opened(): Promise<boolean> {
    while (!this.isOpen()) {
      if (this.task.isCancelled) return false
      await this.task.changed()
    }
    return !this.task.isCancelled
  }

  /** For who waits for input while the gate is open: what else it has to wait for, then to ask again. */
  awaited(): Readonly<Record<string, () => Promise<void>>> {
    return this.lingers ? { gate: lingered } : {}
  }

  /** Why it is closed though some receiver would take more; undefined: it is not. Changes nothing. */
  get closedBy(): ClosedGate | undefined {
    const { queuedBytes, spilledBytes } = this.output
    if (this.task.sinks.some((sink) => sink.isStarving)) return undefined
    if (spilledBytes > 0) return { for: 'disk', words: `${spilledBytes} bytes wait on disk, until one starves` }
    if (queuedBytes <= this.budgetBytes) return undefined
    return { for: 'gate', words: `${queuedBytes} bytes wait, more than the ${this.budgetBytes} allowed, until one starves` }
  }

  /** Sends what the waiting receivers can be given, and says whether the source may go on now. */
  isOpen(): boolean {
    this.output.refill()
    this.feedStarving()
    const { sinks } = this.task
    if (this.isWithin) return sinks.some((sink) => sink.isHungry)
    const starving = sinks.findIndex((sink) => sink.isStarving)
    if (starving >= 0 && !this.output.canSpill) throw this.exceeded(starving)
    return starving >= 0
  }

  /**
   * The source has no more rows: resolves when nothing is on disk any more, so that END stays behind the data. Whoever has none there gets its
   * END before: the others may wait, in turn, for what it does next. Rejects with `SpillFailed`.
   */
  async drained(): Promise<void> {
    for (;;) {
      this.output.refill()
      if (this.output.spilledBytes === 0) return
      this.output.finishUnspilled()
      await this.task.changed()
    }
  }

  private get isWithin(): boolean {
    return this.output.queuedBytes <= this.budgetBytes && this.output.spilledBytes === 0
  }

  private feedStarving(): void {
    this.lingers = false
    const waiting = [...this.task.sinks.keys()].filter((receiver) => this.task.sinks[receiver].isStarving)
    if (waiting.length === 0) return
    if (waiting.some((receiver) => this.output.isBuilding(receiver))) {
      const nowMs = this.clock.now()
      this.lingers = this.isWithin && nowMs - this.fedMs < LINGER_MS
      if (this.lingers) return
      this.fedMs = nowMs
      for (const receiver of waiting) this.output.flush(receiver)
    }
    this.task.flush()
  }

  private exceeded(starving: number): MillraceError {
    const { sinks } = this.task
    const waiting = sinks.filter((sink) => sink.queuedBytes > 0).map((sink) => `${sink.queuedBytes} for participant ${sink.receiver}`)
    return new MillraceError(
      'QueueBudget',
      `${this.output.name}: ${this.output.queuedBytes} bytes wait (${waiting.join(', ')}), more than the ${this.budgetBytes} allowed, while ` +
        `participant ${sinks[starving].receiver} waits for rows of its own: let it spill, give more memoryBytes, or spread the keys`,
    )
  }
}

function lingered(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LINGER_MS))
}
