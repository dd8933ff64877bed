import type { Block } from '../columnar/block.js'
import { BatchBuilder } from '../columnar/builder.js'
import { BatchEncoder } from '../columnar/encode.js'
import type { Row } from '../columnar/schema.js'
import type { Shape } from '../columnar/shape.js'
import type { Sink } from '../stream/sink.js'
import type { OutletSpill } from './outlet-spill.js'

/** The first batch of an outlet is small, so that its receivers have something soon; each next one is twice as large. */
const FIRST_BATCH_BYTES = 1024
/** Fits a frame of a default ring with room to spare. */
const BATCH_BYTES_MAX = 0xc000

/** Rows of an exchange that go together: to one receiver, or to all of a broadcast. A batch is encoded once, whoever gets it. */
export class Outlet {
  private readonly builder: BatchBuilder
  private readonly encoder = new BatchEncoder()
  private targetBytes = FIRST_BATCH_BYTES
  /** The columns that its receivers know of, as a version of the shape. */
  private toldVersion = 0

  constructor(
    private readonly sinks: readonly Sink[],
    private readonly shape: Shape,
    /** Where batches go that have no room in memory; undefined: they are queued. */
    private readonly spill: OutletSpill | undefined,
  ) {
    this.builder = new BatchBuilder(shape)
  }

  /** Bytes of the messages that wait in memory. Those for several receivers are the same ones. */
  get unsentBytes(): number {
    let bytes = 0
    for (const sink of this.sinks) bytes = Math.max(bytes, sink.queuedBytes)
    return bytes
  }

  /** Bytes of the half-built batch. */
  get builtBytes(): number {
    return this.builder.byteSize
  }

  /** Whether there is a half-built batch. */
  get isBuilding(): boolean {
    return this.builder.rowCount > 0
  }

  get spilledBytes(): number {
    return this.spill?.unreadBytes ?? 0
  }

  /** Bytes of all that waits for its receivers; infinite where they want no more. */
  get backlogBytes(): number {
    return this.isClosed ? Number.POSITIVE_INFINITY : this.unsentBytes + this.spilledBytes
  }

  /** Takes a row. True: the batch is full, and to be sent. */
  push(row: Row): boolean {
    if (this.isClosed) return false
    this.builder.append(row)
    return this.isFull()
  }

  /** Takes the rows of a block at the first `count` of the indexes. True: as for `push`. */
  pushMany(block: Block, indexes: Int32Array, count: number): boolean {
    if (this.isClosed) return false
    this.builder.appendMany(block, indexes, count)
    return this.isFull()
  }

  /**
   * Sends the half-built batch, if there is one. To a receiver that could not take it now, and for which there is no room in memory, it
   * goes by disk; so does all that follows while something waits for it there. True: a sink has got it.
   */
  send(hasRoom: boolean): boolean {
    if (this.builder.rowCount === 0) return false
    return this.write(hasRoom)
  }

  /** Sends a batch without rows where its receivers do not know all columns of the stage. True: a sink has got it. */
  tellColumns(hasRoom: boolean): boolean {
    return this.toldVersion !== this.shape.version && this.write(hasRoom)
  }

  private write(hasRoom: boolean): boolean {
    this.toldVersion = this.shape.version
    const message = this.encoder.encode(this.builder)
    const late: number[] = []
    let sent = false
    this.sinks.forEach((sink, receiver) => {
      if (sink.isClosed) return
      if (this.isLate(receiver, hasRoom)) late.push(receiver)
      else {
        sink.write(message)
        sent = true
      }
    })
    if (late.length > 0) this.spill?.append(message, late)
    return sent
  }

  /** Gives its receivers what waits for them on disk, as far as they can take it; `sent` follows each message. */
  refill(sent: () => void): void {
    this.spill?.refill(sent)
  }

  /** END to each receiver that has nothing on disk. */
  finishUnspilled(): void {
    this.sinks.forEach((sink, receiver) => {
      if (!sink.isClosed && !sink.isFinished && this.spill?.isBehind(receiver) !== true) sink.finish()
    })
  }

  /** Forgets what is on disk. */
  close(): void {
    this.spill?.close()
  }

  private isFull(): boolean {
    if (this.builder.byteSize < this.targetBytes) return false
    this.targetBytes = Math.min(BATCH_BYTES_MAX, 2 * this.targetBytes)
    return true
  }

  private get isClosed(): boolean {
    for (const sink of this.sinks) if (!sink.isClosed) return false
    return true
  }

  private isLate(receiver: number, hasRoom: boolean): boolean {
    if (this.spill === undefined) return false
    return this.spill.isBehind(receiver) || !(hasRoom || this.sinks[receiver].isHungry)
  }
}
