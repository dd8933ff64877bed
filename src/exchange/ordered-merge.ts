import type { Batch } from '../columnar/batch.js'
import type { Int32Columns } from '../columnar/int32-columns.js'
import type { Row } from '../columnar/schema.js'
import type { BatchStream, ExchangeInput } from './exchange-input.js'

interface Head {
  readonly stream: BatchStream
  batch: Batch | undefined
  at: number
  row: Row | undefined
}

/**
 * Rows of all senders, each of which sends in order, as one ordered sequence. It gives no row before it has one of every sender that
 * is not done. Rows that compare equal come in the order of the senders.
 */
export class OrderedMerge {
  private heads: Head[]

  constructor(
    private readonly input: ExchangeInput,
    private readonly compare: (a: Row, b: Row) => number,
  ) {
    this.heads = input.streams.map((stream) => ({ stream, batch: undefined, at: 0, row: undefined }))
  }

  /** Of the rows of all batches so far. */
  get int32(): Int32Columns {
    return this.input.int32
  }

  /** The next row. Undefined: one is missing, or all is done. Throws what ended a stream. */
  take(): Row | undefined {
    if (!this.fill()) return undefined
    let least = this.heads[0]
    for (let index = 1; index < this.heads.length; index++) {
      const head = this.heads[index]
      if (this.compare(head.row as Row, least.row as Row) < 0) least = head
    }
    const { row } = least
    this.step(least)
    return row
  }

  get isDone(): boolean {
    return this.heads.length === 0
  }

  /** Resolves when a missing row may be there. */
  ready(): Promise<void> {
    if (this.isDone || this.heads.every((head) => head.row !== undefined)) return Promise.resolve()
    return this.input.ready(this.heads.filter((head) => head.row === undefined).map((head) => head.stream))
  }

  close(): void {
    this.heads = []
    this.input.close()
  }

  /** Whether every sender that is not done has a row. */
  private fill(): boolean {
    let complete = true
    for (const head of this.heads) {
      if (head.row !== undefined) continue
      head.batch = head.stream.take()
      if (head.batch !== undefined) {
        this.input.check(head.batch)
        head.at = -1
        this.step(head)
      } else if (head.stream.isDone) this.heads = this.heads.filter((each) => each !== head)
      else complete = false
    }
    return complete && this.heads.length > 0
  }

  private step(head: Head): void {
    head.at++
    head.row = head.batch !== undefined && head.at < head.batch.rowCount ? head.batch.row(head.at) : undefined
  }
}
