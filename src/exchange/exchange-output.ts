import { BatchBuilder } from '../columnar/builder.js'
import { BatchEncoder } from '../columnar/encode.js'
import type { Row, Schema } from '../columnar/schema.js'
import { Shape } from '../columnar/shape.js'
import type { Sink } from '../stream/sink.js'
import type { SourceTask } from '../stream/source-task.js'
import type { GatedOutput } from './gate.js'
import type { Router } from './router.js'
import { SinkSpill } from './sink-spill.js'
import type { Spill } from './spill.js'

/** The first batch of a receiver is small, so that it has something soon; each next one is twice as large. */
const FIRST_BATCH_BYTES = 1024
/** Fits a frame of a default ring with room to spare. */
const BATCH_BYTES_MAX = 0xc000

interface Outlet {
  readonly sink: Sink
  readonly builder: BatchBuilder
  readonly encoder: BatchEncoder
  readonly spill: SinkSpill | undefined
  targetBytes: number
}

/** Where batches go that have no room in memory. */
export interface SpillingOutput {
  readonly spill: Spill
  /** Bytes that may be queued in memory; a batch more may, so that it is exceeded by no more than that. */
  readonly queueBytes: number
}

/**
 * The sending side of an exchange: rows are routed once, into one batch per receiver; a full batch is encoded once and written to its
 * sink, which may wait as long as it must. Where it may spill, batches beyond the budget wait on disk, as they were encoded; while some of
 * a receiver do, all its later ones go there too.
 */
export class ExchangeOutput implements GatedOutput {
  private readonly outlets: readonly Outlet[]
  private readonly shape: Shape
  /** Bytes written to sinks or disk so far. */
  writtenBytes = 0
  /** Rows written so far. */
  rows = 0

  constructor(
    readonly name: string,
    task: SourceTask,
    private readonly route: Router,
    private readonly sent: () => void,
    private readonly spilling?: SpillingOutput,
  ) {
    const shape = new Shape({ stage: name })
    this.shape = shape
    this.outlets = task.sinks.map((sink) => ({
      sink,
      builder: new BatchBuilder(shape),
      encoder: new BatchEncoder(),
      spill: spilling && new SinkSpill(sink, spilling.spill, name),
      targetBytes: FIRST_BATCH_BYTES,
    }))
  }

  /** The columns of all rows so far. */
  get schema(): Schema {
    return this.shape.fields
  }

  get queuedBytes(): number {
    let bytes = 0
    for (const { sink, builder } of this.outlets) bytes += sink.queuedBytes + builder.byteSize
    return bytes
  }

  get spilledBytes(): number {
    if (this.spilling === undefined) return 0
    let bytes = 0
    for (const { spill } of this.outlets) bytes += spill?.unreadBytes ?? 0
    return bytes
  }

  get canSpill(): boolean {
    return this.spilling !== undefined
  }

  refill(): void {
    if (this.spilledBytes > 0) for (const { spill } of this.outlets) spill?.refill(this.sent)
  }

  finishUnspilled(): void {
    for (const { sink, spill } of this.outlets) if (spill?.unreadBytes === 0 && !sink.isClosed && !sink.isFinished) sink.finish()
  }

  /** Takes a row. True: a batch went out, and the gate should be asked again. */
  push(row: Row): boolean {
    const outlet = this.outlets[this.route(row)]
    this.rows++
    if (outlet.sink.isClosed) return false
    outlet.builder.append(row)
    if (outlet.builder.byteSize < outlet.targetBytes) return false
    outlet.targetBytes = Math.min(BATCH_BYTES_MAX, 2 * outlet.targetBytes)
    this.send(outlet)
    return true
  }

  flush(receiver: number): void {
    const outlet = this.outlets[receiver]
    if (outlet.builder.rowCount > 0) this.send(outlet)
  }

  flushAll(): void {
    for (let receiver = 0; receiver < this.outlets.length; receiver++) this.flush(receiver)
  }

  /** Forgets what is on disk. */
  close(): void {
    for (const { spill } of this.outlets) spill?.close()
  }

  private send(outlet: Outlet): void {
    const message = outlet.encoder.encode(outlet.builder)
    const { sink, spill } = outlet
    if (sink.isClosed) return
    this.writtenBytes += message.length
    if (spill !== undefined && this.mustSpill(sink, spill)) {
      spill.append(message)
      return
    }
    sink.write(message)
    this.sent()
  }

  private mustSpill(sink: Sink, spill: SinkSpill): boolean {
    if (spill.unreadBytes > 0) return true
    if (sink.isHungry) return false
    let queued = 0
    for (const outlet of this.outlets) queued += outlet.sink.queuedBytes
    return queued > (this.spilling as SpillingOutput).queueBytes
  }
}
