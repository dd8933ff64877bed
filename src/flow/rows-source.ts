import { systemClock } from '../base/clock.js'
import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import { macrotask } from '../base/macrotask.js'
import { Slice } from '../base/slice.js'
import type { Row } from '../columnar/schema.js'
import { ExchangeOutput } from '../exchange/exchange-output.js'
import type { SourceActivity, SourceTask, StreamSource } from '../stream/source-task.js'
import type { RowsInput } from './inputs.js'
import { PulledRows } from './pulled-rows.js'

const SLICE_MS = 1

export interface RowsSourceOptions {
  readonly id: PhysicalStreamId
  readonly receivers: readonly ParticipantId[]
  readonly name: string
  readonly rows: RowsInput
}

/**
 * Deals out rows that the leader was given, a batch at a time to whoever wants one, first to those who wait. No row is asked for that nobody
 * wants, and where the next one is slow to come, those that are there go at once.
 */
export class RowsSource implements StreamSource {
  readonly id: PhysicalStreamId
  readonly receivers: readonly ParticipantId[]
  readonly delivery = 'flows'
  private readonly name: string
  private readonly rows: PulledRows
  private readonly slice = new Slice(systemClock, SLICE_MS)
  private execution: Promise<void> | undefined
  /** Who gets the batch that is being built. */
  private receiver = -1
  /** The batch went out before it was full: the next row goes to whoever wants it then. */
  private isFlushed = false
  private idleCheck: NodeJS.Immediate | undefined

  constructor({ id, receivers, name, rows }: RowsSourceOptions) {
    this.id = id
    this.receivers = receivers
    this.name = `input ${JSON.stringify(name)}`
    this.rows = new PulledRows(rows)
  }

  run(task: SourceTask): Promise<void> {
    this.execution = this.deal(task)
    return this.execution
  }

  dispose(): void {
    this.execution ??= this.rows.leave()
  }

  left(): void {
    void this.rows.leave()
  }

  /** Resolves when it runs no more; to be asked once its session has ended. */
  async idle(): Promise<void> {
    await this.execution?.catch(() => {})
  }

  describe(): SourceActivity {
    return { name: this.name, waitsFor: this.rows.isWaiting ? 'its iterable' : undefined, steps: this.slice.looks }
  }

  private async deal(task: SourceTask): Promise<void> {
    const output = new ExchangeOutput(
      this.name,
      task,
      () => this.receiver,
      () => task.flush(),
    )
    try {
      while (await this.choose(task)) {
        if (!(await this.fill(output, task))) return
      }
    } finally {
      clearImmediate(this.idleCheck)
      await this.rows.leave()
    }
  }

  /** Waits for a receiver that wants rows. False: nobody does any more. */
  private async choose(task: SourceTask): Promise<boolean> {
    this.isFlushed = false
    for (;;) {
      if (task.isCancelled) return false
      const found = nextWanting(task, this.receiver + 1)
      if (found >= 0) {
        this.receiver = found
        return true
      }
      await task.changed()
    }
  }

  /** Builds a batch for the receiver, until it is sent. False: there are no more rows, or nobody wants them. */
  private async fill(output: ExchangeOutput, task: SourceTask): Promise<boolean> {
    for (;;) {
      const next = this.rows.next()
      const row = next instanceof Promise ? await this.wait(next, output) : next
      if (row === undefined) {
        output.flushAll()
        return false
      }
      if (this.isFlushed && !(await this.choose(task))) return false
      if (output.push(row) || task.sinks[this.receiver].isClosed) return true
      if (this.slice.over()) await this.rest(output, task)
    }
  }

  private wait(row: Promise<Row | undefined>, output: ExchangeOutput): Promise<Row | undefined> {
    this.idleCheck ??= setImmediate(() => {
      this.idleCheck = undefined
      if (this.rows.isWaiting) this.flush(output)
    })
    return row
  }

  /** Lets the others run. */
  private async rest(output: ExchangeOutput, task: SourceTask): Promise<void> {
    if (task.sinks[this.receiver].isStarving) this.flush(output)
    await macrotask()
    this.slice.begin()
  }

  private flush(output: ExchangeOutput): void {
    output.flush(this.receiver)
    this.isFlushed = true
  }
}

/** From that receiver on, the first that waits for rows, or else the first that would take some; below 0 where there is none. */
function nextWanting({ sinks }: SourceTask, from: number): number {
  let wanting = -1
  for (let step = 0; step < sinks.length; step++) {
    const index = (from + step) % sinks.length
    if (sinks[index].isStarving) return index
    if (wanting < 0 && sinks[index].isHungry) wanting = index
  }
  return wanting
}
