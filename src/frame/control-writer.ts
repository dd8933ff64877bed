import type { RingWriter } from '../ring/ring-writer.js'
import type { ControlOutlet, ControlRecord } from './control-record.js'
import { CONTROL_RECORD_BYTES } from './kinds.js'

const TWO_TO_32 = 0x1_0000_0000

/** Control records onto a ring: 16 bytes each, published whole. */
export class ControlWriter implements ControlOutlet {
  constructor(private readonly ring: RingWriter) {}

  trySend(record: Readonly<ControlRecord>): boolean {
    const { ring } = this
    if (!ring.hasRoom(CONTROL_RECORD_BYTES)) return false
    const at = ring.claim(CONTROL_RECORD_BYTES) >> 2
    ring.data[at] = record.type | (record.flags << 8) | (record.generation << 16)
    ring.data[at + 1] = record.id
    ring.data[at + 2] = (record.value % TWO_TO_32) | 0
    ring.data[at + 3] = Math.floor(record.value / TWO_TO_32)
    return true
  }

  publish(): boolean {
    return this.ring.publish()
  }

  wantRoom(): boolean {
    return this.ring.wantSpace(CONTROL_RECORD_BYTES)
  }
}
