import { assert } from '../base/assert.js'
import { Deque } from '../base/deque.js'
import type { PhysicalStreamId } from '../base/ids.js'
import { LIMITS } from '../base/limits.js'
import { checkLength } from './frame-reader.js'
import { payloadBytesMax } from './frame-writer.js'
import { align8, FRAME_HEADER_BYTES, type FrameKind, TOTAL_PREFIX_BYTES } from './kinds.js'
import type { FrameInlet, FrameOutlet } from './ports.js'

interface MemoryFrame {
  readonly kind: FrameKind
  readonly id: PhysicalStreamId
  readonly payload: Uint8Array
}

const NOTHING: MemoryFrame = { kind: 0, id: 0 as PhysicalStreamId, payload: new Uint8Array(0) }

/**
 * One direction of a link within a thread: the same frames, room and publication as a ring, over a queue. Payloads are handed over,
 * not copied.
 */
export class MemoryFrames implements FrameOutlet, FrameInlet {
  readonly payloadBytesMax: number
  readonly copies = false
  publishedBytes = 0
  private readonly written = new Deque<MemoryFrame>()
  private readonly published = new Deque<MemoryFrame>()
  private current = NOTHING
  private usedBytes = 0
  private readBytes = 0
  private roomWanted = false

  constructor(readonly capacityBytes: number = LIMITS.ringBytesDefault) {
    this.payloadBytesMax = payloadBytesMax(capacityBytes)
  }

  get kind(): number {
    return this.current.kind
  }

  get id(): PhysicalStreamId {
    return this.current.id
  }

  get length(): number {
    return this.current.payload.length
  }

  tryWrite(kind: FrameKind, id: PhysicalStreamId, bytes: Uint8Array, start: number, end: number, total: number): boolean {
    const length = end - start + (total < 0 ? 0 : TOTAL_PREFIX_BYTES)
    assert(length <= this.payloadBytesMax, `a payload of ${length} bytes in a frame of at most ${this.payloadBytesMax}`)
    const sizeBytes = align8(FRAME_HEADER_BYTES + length)
    if (this.usedBytes + sizeBytes > this.capacityBytes) return false
    this.usedBytes += sizeBytes
    this.written.push({ kind, id, payload: total < 0 ? bytes.subarray(start, end) : withTotal(total, bytes.subarray(start, end)) })
    return true
  }

  publish(): boolean {
    if (this.written.length === 0) return false
    for (let frame = this.written.shift(); frame !== undefined; frame = this.written.shift()) {
      this.publishedBytes += align8(FRAME_HEADER_BYTES + frame.payload.length)
      this.published.push(frame)
    }
    return true
  }

  wantRoom(): boolean {
    this.roomWanted = true
    return this.usedBytes + 2 * align8(FRAME_HEADER_BYTES + this.payloadBytesMax) <= this.capacityBytes
  }

  next(): boolean {
    const frame = this.published.shift()
    if (frame === undefined) return false
    this.current = frame
    this.readBytes += align8(FRAME_HEADER_BYTES + frame.payload.length)
    checkLength(frame.kind, frame.payload.length, this.payloadBytesMax)
    return true
  }

  copy(): Uint8Array {
    return this.current.payload
  }

  firstWord(): number {
    const { buffer, byteOffset } = this.current.payload
    return new DataView(buffer, byteOffset).getUint32(0, true)
  }

  copyInto(target: Uint8Array, offset: number, from: number): void {
    target.set(this.current.payload.subarray(from), offset)
  }

  release(): boolean {
    if (this.readBytes === 0) return false
    this.usedBytes -= this.readBytes
    this.readBytes = 0
    this.current = NOTHING
    const wanted = this.roomWanted
    this.roomWanted = false
    return wanted
  }

  hasMore(): boolean {
    return this.published.length > 0
  }
}

function withTotal(total: number, piece: Uint8Array): Uint8Array {
  const payload = new Uint8Array(TOTAL_PREFIX_BYTES + piece.length)
  new DataView(payload.buffer).setUint32(0, total, true)
  payload.set(piece, TOTAL_PREFIX_BYTES)
  return payload
}
