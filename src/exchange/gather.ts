import type { Batch } from '../columnar/batch.js'
import type { Int32Columns } from '../columnar/int32-columns.js'
import type { BatchStream, ExchangeInput } from './exchange-input.js'

/** Batches of all senders, in the order in which they come. */
export class Gather {
  private readonly open: Set<BatchStream>

  constructor(private readonly input: ExchangeInput) {
    this.open = new Set(input.streams)
  }

  /** Of the rows of all batches so far. */
  get int32(): Int32Columns {
    return this.input.int32
  }

  /** The next batch that is there. Throws what ended a stream. */
  take(): Batch | undefined {
    for (const stream of this.open) {
      const batch = stream.take()
      if (batch !== undefined) {
        // To the back, so that no sender is read twice while another waits.
        this.open.delete(stream)
        this.open.add(stream)
        return this.input.check(batch)
      }
      if (stream.isDone) this.open.delete(stream)
    }
    return undefined
  }

  get isDone(): boolean {
    return this.open.size === 0
  }

  /** Resolves when `take` may give something, or all is done. */
  ready(): Promise<void> {
    return this.isDone ? Promise.resolve() : this.input.ready(this.open)
  }

  close(): void {
    this.open.clear()
    this.input.close()
  }
}
