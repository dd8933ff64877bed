import { ProtocolError } from '../base/errors.js'
import type { PhysicalStreamId } from '../base/ids.js'
import type { RingReader } from '../ring/ring-reader.js'
import { readRecord } from './control-bytes.js'
import type { ControlInlet, ControlRecord } from './control-record.js'
import { CONTROL, CONTROL_FLAG, CONTROL_RECORD_BYTES } from './kinds.js'

/** Throws `ProtocolError` where no such record can be. */
export function checkRecord(record: Readonly<ControlRecord>): void {
  const { type, flags, generation, id, value } = record
  if (type > CONTROL.SESSION_END) throw new ProtocolError(`a control record of unknown type ${type}`)
  const allowed = type === CONTROL.CREDIT ? CONTROL_FLAG.starving : 0
  if ((flags & ~allowed) !== 0) throw new ProtocolError(`a control record of type ${type} with reserved flags ${flags}`)
  if (!Number.isSafeInteger(value)) throw new ProtocolError(`a control record of type ${type} with the value ${value}`)
  if (type === CONTROL.SESSION_END && (generation !== 0 || id !== 0 || value !== 0)) {
    throw new ProtocolError('a SESSION_END that is not all zero')
  }
}

/** Control records from a ring, each checked. */
export class ControlReader implements ControlInlet {
  private readonly record: ControlRecord = { type: CONTROL.START_STREAM, flags: 0, generation: 0, id: 0 as PhysicalStreamId, value: 0 }

  constructor(private readonly ring: RingReader) {}

  next(): Readonly<ControlRecord> | undefined {
    const { ring, record } = this
    const available = ring.available()
    if (available === 0) return undefined
    if (available < CONTROL_RECORD_BYTES || ring.offset % CONTROL_RECORD_BYTES !== 0) {
      throw new ProtocolError(`${available} bytes at ${ring.offset} of a control ring`)
    }
    readRecord(ring.data, ring.offset >> 2, record)
    ring.advance(CONTROL_RECORD_BYTES)
    checkRecord(record)
    return record
  }

  release(): boolean {
    return this.ring.release()
  }

  hasMore(): boolean {
    return this.ring.hasUnread()
  }
}
