import { ProtocolError } from '../base/errors.js'
import type { PhysicalStreamId } from '../base/ids.js'
import { ownCopy } from '../memory/allocation.js'
import { copyBytes } from '../memory/copy.js'
import type { RingReader } from '../ring/ring-reader.js'
import { payloadBytesMax } from './frame-writer.js'
import { align8, END_PAYLOAD_BYTES, FRAME, FRAME_HEADER_BYTES, kindOf, lengthOf } from './kinds.js'
import type { FrameInlet } from './ports.js'

/** Throws `ProtocolError` where a frame of this kind cannot have this length. */
export function checkLength(kind: number, length: number, payloadMax: number): void {
  switch (kind) {
    case FRAME.DATA:
    case FRAME.ERROR:
    case FRAME.RESET:
    case FRAME.CALL:
      if (length === 0 || length > payloadMax) throw badLength(kind, length)
      return
    case FRAME.DATA_MORE:
      if (length !== payloadMax) throw badLength(kind, length)
      return
    case FRAME.END:
      if (length !== END_PAYLOAD_BYTES) throw badLength(kind, length)
      return
    case FRAME.GOODBYE:
      if (length !== 0) throw badLength(kind, length)
      return
    case FRAME.PAD:
      return
    default:
      throw new ProtocolError(`a frame of unknown kind ${kind}`)
  }
}

function badLength(kind: number, length: number): ProtocolError {
  return new ProtocolError(`a frame of kind ${kind} with a payload of ${length} bytes`)
}

/** Frames from a ring. Every word that the peer wrote is checked before it is used. */
export class FrameReader implements FrameInlet {
  kind = 0
  id: PhysicalStreamId = 0 as PhysicalStreamId
  length = 0
  readonly payloadBytesMax: number
  readonly capacityBytes: number
  private payloadAt = 0
  private wakeDue = false

  constructor(private readonly ring: RingReader) {
    this.payloadBytesMax = payloadBytesMax(ring.capacity)
    this.capacityBytes = ring.capacity
  }

  next(): boolean {
    const { ring } = this
    // So that the writer can go on while a long run of frames is still being read.
    if (ring.unreleasedBytes >= ring.capacity / 8 && ring.release()) this.wakeDue = true
    for (;;) {
      const available = ring.available()
      if (available === 0) return false
      const offset = ring.offset
      const word = ring.data[(offset >> 2) + 1]
      const kind = kindOf(word)
      const length = lengthOf(word)
      const sizeBytes = align8(FRAME_HEADER_BYTES + length)
      if (sizeBytes > available || offset + sizeBytes > ring.capacity) {
        throw new ProtocolError(`a frame of ${length} bytes at ${offset} runs past what is published`)
      }
      ring.advance(sizeBytes)
      if (kind === FRAME.PAD) {
        if (offset + sizeBytes !== ring.capacity) throw new ProtocolError(`a PAD frame at ${offset} that does not end the ring`)
        continue
      }
      checkLength(kind, length, this.payloadBytesMax)
      this.kind = kind
      this.id = (ring.data[offset >> 2] >>> 0) as PhysicalStreamId
      this.length = length
      this.payloadAt = offset + FRAME_HEADER_BYTES
      return true
    }
  }

  copy(): Uint8Array {
    return ownCopy(this.ring.bytes.subarray(this.payloadAt, this.payloadAt + this.length))
  }

  firstWord(): number {
    return this.ring.data[this.payloadAt >> 2] >>> 0
  }

  copyInto(target: Uint8Array, offset: number, from: number): void {
    copyBytes(target, offset, this.ring.bytes.subarray(this.payloadAt + from, this.payloadAt + this.length))
  }

  release(): boolean {
    const due = this.wakeDue
    this.wakeDue = false
    return this.ring.release() || due
  }

  hasMore(): boolean {
    return this.ring.hasUnread()
  }
}
