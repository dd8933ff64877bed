import { assert } from '../base/assert.js'
import type { PhysicalStreamId } from '../base/ids.js'
import { LIMITS } from '../base/limits.js'
import { copyBytes } from '../memory/copy.js'
import type { RingWriter } from '../ring/ring-writer.js'
import { align8, FRAME, FRAME_HEADER_BYTES, type FrameKind, lengthWord, TOTAL_PREFIX_BYTES } from './kinds.js'
import type { FrameOutlet } from './ports.js'

/** F: the largest payload of a frame on a ring of this capacity. */
export function payloadBytesMax(capacity: number): number {
  return Math.min(LIMITS.framePayloadBytesMax, capacity / 8)
}

/** Frames onto a ring. A frame never wraps: a PAD frame fills what is left before the wrap. */
export class FrameWriter implements FrameOutlet {
  readonly payloadBytesMax: number
  readonly copies = true
  private publishedEarly = false

  constructor(private readonly ring: RingWriter) {
    this.payloadBytesMax = payloadBytesMax(ring.capacity)
  }

  get publishedBytes(): number {
    return this.ring.publishedBytes
  }

  tryWrite(kind: FrameKind, id: PhysicalStreamId, bytes: Uint8Array, start: number, end: number, total: number): boolean {
    const length = (total < 0 ? 0 : TOTAL_PREFIX_BYTES) + end - start
    assert(length <= this.payloadBytesMax, `a payload of ${length} bytes in a frame of at most ${this.payloadBytesMax}`)
    const offset = this.claim(align8(FRAME_HEADER_BYTES + length))
    if (offset < 0) return false
    this.fill(offset, kind, id, bytes, start, end, total)
    // So that the reader can begin while a long run of frames is still being written.
    if (this.ring.unpublishedBytes >= this.ring.capacity / 8) this.publishedEarly = this.ring.publish()
    return true
  }

  publish(): boolean {
    const early = this.publishedEarly
    this.publishedEarly = false
    return this.ring.publish() || early
  }

  wantRoom(): boolean {
    // Twice the largest frame: it may stand just before the wrap.
    return this.ring.wantSpace(2 * align8(FRAME_HEADER_BYTES + this.payloadBytesMax))
  }

  private fill(offset: number, kind: FrameKind, id: PhysicalStreamId, bytes: Uint8Array, start: number, end: number, total: number): void {
    const { data, bytes: target } = this.ring
    const prefixBytes = total < 0 ? 0 : TOTAL_PREFIX_BYTES
    data[offset >> 2] = id
    data[(offset >> 2) + 1] = lengthWord(kind, prefixBytes + end - start)
    if (prefixBytes > 0) data[(offset >> 2) + 2] = total
    if (end === start) return
    const whole = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
    copyBytes(target, offset + FRAME_HEADER_BYTES + prefixBytes, whole)
  }

  private claim(sizeBytes: number): number {
    const { ring } = this
    const padBytes = ring.contiguousBytes < sizeBytes ? ring.contiguousBytes : 0
    if (!ring.hasRoom(padBytes + sizeBytes)) return -1
    if (padBytes > 0) {
      const offset = ring.claim(padBytes)
      ring.data[offset >> 2] = 0
      ring.data[(offset >> 2) + 1] = lengthWord(FRAME.PAD, padBytes - FRAME_HEADER_BYTES)
    }
    return ring.claim(sizeBytes)
  }
}
