import { MillraceError } from '../base/errors.js'
import type { SourceTask } from '../stream/source-task.js'

/** What of an exchange's output the gate has to know and to do. */
export interface GatedOutput {
  /** For messages: which exchange this is. */
  readonly name: string
  /** Bytes that wait for receivers: queued messages and half-built batches. */
  readonly queuedBytes: number
  /** Sends the half-built batch of a receiver, if it has one. */
  flush(receiver: number): void
}

/**
 * Decides whether a source may pull its own input.
 *
 * Rows for a receiver that is not hungry have nowhere to go but its queue. Within the budget, any hungry receiver opens the gate.
 * Above it only one does whose consumer waits (starving), for what that consumer waits for may be what all the others wait for in
 * turn: an ordered merge takes no row of one input before it has one of each. Its half-built batch goes out first. What then exceeds
 * the budget would go to a spill file; there is none, so the query fails with `QueueBudget`: it never hangs.
 */
export class Gate {
  constructor(
    private readonly task: SourceTask,
    private readonly output: GatedOutput,
    private readonly budgetBytes: number,
  ) {}

  /** Resolves when the source may go on. False: nobody wants more. Rejects with `QueueBudget`. */
  async opened(): Promise<boolean> {
    while (!this.isOpen()) {
      if (this.task.isCancelled) return false
      await this.task.changed()
    }
    return !this.task.isCancelled
  }

  /** Why it is closed though some receiver would take more; undefined: it is not. Changes nothing. */
  get closedBy(): string | undefined {
    const { queuedBytes } = this.output
    const isClosed = queuedBytes > this.budgetBytes && !this.task.sinks.some((sink) => sink.isStarving)
    return isClosed ? `${queuedBytes} bytes wait, more than the ${this.budgetBytes} allowed, until one starves` : undefined
  }

  /** Sends what the waiting receivers can be given, and says whether the source may go on now. */
  isOpen(): boolean {
    this.feedStarving()
    const { sinks } = this.task
    if (this.output.queuedBytes <= this.budgetBytes) return sinks.some((sink) => sink.isHungry)
    const starving = sinks.findIndex((sink) => sink.isStarving)
    if (starving < 0) return false
    throw this.exceeded(starving)
  }

  private feedStarving(): void {
    let fed = false
    this.task.sinks.forEach((sink, receiver) => {
      if (!sink.isStarving) return
      this.output.flush(receiver)
      fed = true
    })
    if (fed) this.task.flush()
  }

  private exceeded(starving: number): MillraceError {
    const { sinks } = this.task
    const waiting = sinks.filter((sink) => sink.queuedBytes > 0).map((sink) => `${sink.queuedBytes} for participant ${sink.receiver}`)
    return new MillraceError(
      'QueueBudget',
      `${this.output.name}: ${this.output.queuedBytes} bytes wait (${waiting.join(', ')}), more than the ${this.budgetBytes} allowed, while ` +
        `participant ${sinks[starving].receiver} waits for rows of its own: give more memoryBytes, or spread the keys`,
    )
  }
}
