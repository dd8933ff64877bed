import { Deque } from '../base/deque.js'
import { ProtocolError } from '../base/errors.js'
import type { PhysicalStreamId } from '../base/ids.js'
import { LIMITS } from '../base/limits.js'
import { allocate } from '../memory/allocation.js'
import { readRecord, writeRecord } from './control-bytes.js'
import { checkRecord } from './control-reader.js'
import type { ControlInlet, ControlOutlet, ControlRecord } from './control-record.js'
import { CONTROL, CONTROL_RECORD_BYTES } from './kinds.js'
import type { ParcelOutlet } from './parcel-frames.js'

const RECORD_WORDS = CONTROL_RECORD_BYTES / 4

/** Control records in parcels, ahead of frames. What is not flushed yet stands for what a control ring holds. */
export class ParcelControlWriter implements ControlOutlet {
  private written: Readonly<ControlRecord>[] = []
  private unflushed = 0
  private roomWanted = false

  /** `roomFreed` is called where room was wanted and there is some again. */
  constructor(
    private readonly port: Pick<ParcelOutlet, 'headerBytes' | 'send'>,
    private readonly roomFreed: () => void,
    private readonly capacityBytes: number = LIMITS.controlRingBytes,
  ) {}

  trySend(record: Readonly<ControlRecord>): boolean {
    if (!this.hasRoom) return false
    this.written.push({ ...record })
    return true
  }

  publish(): boolean {
    const { written, port } = this
    if (written.length === 0) return false
    const bytes = allocate(port.headerBytes + written.length * CONTROL_RECORD_BYTES)
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + port.headerBytes)
    written.forEach((record, index) => {
      writeRecord(words, index * RECORD_WORDS, record)
    })
    const records = written.length
    this.written = []
    this.unflushed += records
    port.send({ bytes, flushed: () => this.flushed(records) }, true)
    return true
  }

  wantRoom(): boolean {
    this.roomWanted = true
    return this.hasRoom
  }

  private get hasRoom(): boolean {
    return (this.unflushed + this.written.length + 1) * CONTROL_RECORD_BYTES <= this.capacityBytes
  }

  private flushed(records: number): void {
    this.unflushed -= records
    if (!this.roomWanted) return
    this.roomWanted = false
    this.roomFreed()
  }
}

/** Control records out of parcels, each checked. */
export class ParcelControlReader implements ControlInlet {
  private readonly record: ControlRecord = { type: CONTROL.START_STREAM, flags: 0, generation: 0, id: 0 as PhysicalStreamId, value: 0 }
  private readonly parcels = new Deque<Uint8Array>()
  private words = new Int32Array(0)
  private at = 0

  /** A parcel arrived, without its header. */
  arrived(bytes: Uint8Array): void {
    this.parcels.push(bytes)
  }

  next(): Readonly<ControlRecord> | undefined {
    if (this.at === this.words.length && !this.nextParcel()) return undefined
    readRecord(this.words, this.at, this.record)
    this.at += RECORD_WORDS
    checkRecord(this.record)
    return this.record
  }

  /** The peer's room does not depend on it. */
  release(): boolean {
    return false
  }

  hasMore(): boolean {
    return this.at < this.words.length || this.parcels.length > 0
  }

  private nextParcel(): boolean {
    const bytes = this.parcels.shift()
    if (bytes === undefined) return false
    if (bytes.length === 0 || bytes.length % CONTROL_RECORD_BYTES !== 0) throw new ProtocolError(`${bytes.length} bytes of control records`)
    // It may lie anywhere in what was read.
    this.words = new Int32Array(Uint8Array.from(bytes).buffer)
    this.at = 0
    return true
  }
}
