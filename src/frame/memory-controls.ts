import { Deque } from '../base/deque.js'
import { LIMITS } from '../base/limits.js'
import { checkRecord } from './control-reader.js'
import type { ControlInlet, ControlOutlet, ControlRecord } from './control-record.js'
import { CONTROL_RECORD_BYTES } from './kinds.js'

/** One control direction of a link within a thread. */
export class MemoryControls implements ControlOutlet, ControlInlet {
  private readonly written = new Deque<Readonly<ControlRecord>>()
  private readonly published = new Deque<Readonly<ControlRecord>>()
  private roomWanted = false
  private hasRead = false

  constructor(private readonly capacity: number = LIMITS.controlRingBytes) {}

  trySend(record: Readonly<ControlRecord>): boolean {
    if ((this.written.length + this.published.length + 1) * CONTROL_RECORD_BYTES > this.capacity) return false
    this.written.push({ ...record })
    return true
  }

  publish(): boolean {
    if (this.written.length === 0) return false
    for (let record = this.written.shift(); record !== undefined; record = this.written.shift()) this.published.push(record)
    return true
  }

  wantRoom(): boolean {
    this.roomWanted = true
    return (this.written.length + this.published.length + 1) * CONTROL_RECORD_BYTES <= this.capacity
  }

  next(): Readonly<ControlRecord> | undefined {
    const record = this.published.shift()
    if (record === undefined) return undefined
    this.hasRead = true
    checkRecord(record)
    return record
  }

  release(): boolean {
    if (!this.hasRead) return false
    this.hasRead = false
    const wanted = this.roomWanted
    this.roomWanted = false
    return wanted
  }

  hasMore(): boolean {
    return this.published.length > 0
  }
}
