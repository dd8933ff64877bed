import type { Batch } from '../columnar/batch.js'
import { BatchDecoder } from '../columnar/decode.js'
import { FoundInt32 } from '../columnar/int32-columns.js'
import { type Schema, unify } from '../columnar/schema.js'
import type { Inbound } from '../stream/inbound.js'

/** One sender's stream of batches. */
export class BatchStream {
  private readonly decoder = new BatchDecoder()
  private waits = false

  constructor(private readonly inbound: Inbound) {}

  /** The next batch, where one is there. */
  take(): Batch | undefined {
    const message = this.inbound.take()
    return message === undefined ? undefined : this.decoder.decode(message)
  }

  /** Whether no batch will come any more. Throws what ended the stream. */
  get isDone(): boolean {
    return this.inbound.isDone
  }

  /** Calls `wake` once when `take` or `isDone` may say something new; starts the stream. */
  wait(wake: () => void): void {
    if (this.waits) return
    this.waits = true
    void this.inbound.ready().then(() => {
      this.waits = false
      wake()
    })
  }

  cancel(): void {
    this.inbound.cancel()
  }
}

/** The receiving side of an exchange: one stream of batches from each sender. Nothing is asked for before somebody waits. */
export class ExchangeInput {
  readonly streams: readonly BatchStream[]
  private schema: Schema = []
  private last: Schema | undefined
  private readyPromise: Promise<void> | undefined
  private resolveReady: (() => void) | undefined
  private isClosed = false

  constructor(
    private readonly name: string,
    inbounds: readonly Inbound[],
    /** Told of the rows of all batches so far. */
    readonly int32: FoundInt32 = new FoundInt32(),
  ) {
    this.streams = inbounds.map((inbound) => new BatchStream(inbound))
  }

  /** Checks a batch against what all senders sent before: a column has one type. Throws `ColumnType`. */
  check(batch: Batch): Batch {
    if (batch.schema === this.last) return batch
    this.last = batch.schema
    const schema = unify(this.schema, batch.schema, this.name)
    if (schema !== this.schema) this.int32.found(schema)
    this.schema = schema
    return batch
  }

  /** Resolves when any of `streams` may have something new, or the input is closed. */
  ready(streams: Iterable<BatchStream>): Promise<void> {
    if (this.isClosed) return Promise.resolve()
    this.readyPromise ??= new Promise((resolve) => {
      this.resolveReady = resolve
    })
    const promise = this.readyPromise
    for (const stream of streams) stream.wait(this.wake)
    return promise
  }

  /** Cancels all senders, those too that were never asked. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const stream of this.streams) stream.cancel()
    this.wake()
  }

  private readonly wake = (): void => {
    const resolve = this.resolveReady
    this.readyPromise = undefined
    this.resolveReady = undefined
    resolve?.()
  }
}
