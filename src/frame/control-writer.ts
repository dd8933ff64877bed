import type { RingWriter } from '../ring/ring-writer.js'
import { writeRecord } from './control-bytes.js'
import type { ControlOutlet, ControlRecord } from './control-record.js'
import { CONTROL_RECORD_BYTES } from './kinds.js'

/** Control records onto a ring: 16 bytes each, published whole. */
export class ControlWriter implements ControlOutlet {
  constructor(private readonly ring: RingWriter) {}

  trySend(record: Readonly<ControlRecord>): boolean {
    const { ring } = this
    if (!ring.hasRoom(CONTROL_RECORD_BYTES)) return false
    const at = ring.claim(CONTROL_RECORD_BYTES) >> 2
    writeRecord(ring.data, at, record)
    return true
  }

  publish(): boolean {
    return this.ring.publish()
  }

  wantRoom(): boolean {
    return this.ring.wantSpace(CONTROL_RECORD_BYTES)
  }
}
