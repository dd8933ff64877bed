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
  private unreleased = 0

  constructor(private readonly capacity: number = LIMITS.controlRingBytes) {}

  trySend(record: Readonly<ControlRecord>): boolean {
    if (!this.hasRoom) return false
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
    return this.hasRoom
  }

  next(): Readonly<ControlRecord> | undefined {
    const record = this.published.shift()
    if (record === undefined) return undefined
    this.unreleased++
    checkRecord(record)
    return record
  }

  release(): boolean {
    if (this.unreleased === 0) return false
    this.unreleased = 0
    const wanted = this.roomWanted
    this.roomWanted = false
    return wanted
  }

  hasMore(): boolean {
    return this.published.length > 0
  }

  private get hasRoom(): boolean {
    return (this.written.length + this.published.length + this.unreleased + 1) * CONTROL_RECORD_BYTES <= this.capacity
  }
}
