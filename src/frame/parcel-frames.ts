import { assert } from '../base/assert.js'
import { Deque } from '../base/deque.js'
import { ProtocolError } from '../base/errors.js'
import type { PhysicalStreamId } from '../base/ids.js'
import { allocate, ownCopy } from '../memory/allocation.js'
import { copyBytes } from '../memory/copy.js'
import type { Recycler } from '../memory/recycler.js'
import { checkLength } from './frame-reader.js'
import { payloadBytesMax } from './frame-writer.js'
import { align8, FRAME, FRAME_HEADER_BYTES, type FrameKind, kindOf, lengthOf, lengthWord, TOTAL_PREFIX_BYTES } from './kinds.js'
import { type Parcel, Parcels } from './parcels.js'
import type { FrameInlet, FrameOutlet } from './ports.js'

/** Where the parcels of a link go. */
export interface ParcelOutlet {
  /** Bytes that each parcel begins with, for whoever sends it. */
  readonly headerBytes: number
  /** `ahead`: before the frames that wait. */
  send(parcel: Parcel, ahead: boolean): void
  /** Whether a frame of this stream waits: nothing of it goes ahead of that. */
  isWaiting(id: PhysicalStreamId): boolean
}

/**
 * Frames in parcels, over a socket: what is not flushed yet stands for what a ring holds. CALL, ERROR and RESET go ahead of the frames that
 * wait, but for those of their own stream.
 */
export class ParcelFrameWriter implements FrameOutlet {
  readonly payloadBytesMax: number
  readonly copies = true
  publishedBytes = 0
  private readonly inTurn: Parcels
  private readonly ahead: Parcels
  /** Complete, in the order in which they were written, but not published. */
  private readonly written: { readonly parcel: Parcel; readonly ahead: boolean }[] = []
  private unflushedBytes = 0
  private writtenBytes = 0
  private roomWanted = false

  /** `roomFreed` is called where room was wanted and there is some again. */
  constructor(
    private readonly capacityBytes: number,
    private readonly port: ParcelOutlet,
    memory: Recycler,
    private readonly roomFreed: () => void,
  ) {
    this.payloadBytesMax = payloadBytesMax(capacityBytes)
    this.inTurn = new Parcels(port.headerBytes, memory)
    this.ahead = new Parcels(port.headerBytes)
  }

  tryWrite(kind: FrameKind, id: PhysicalStreamId, bytes: Uint8Array, start: number, end: number, total: number): boolean {
    const prefixBytes = total < 0 ? 0 : TOTAL_PREFIX_BYTES
    const length = prefixBytes + end - start
    assert(length <= this.payloadBytesMax, `a payload of ${length} bytes in a frame of at most ${this.payloadBytesMax}`)
    const sizeBytes = align8(FRAME_HEADER_BYTES + length)
    if (this.unflushedBytes + sizeBytes > this.capacityBytes) return false
    this.unflushedBytes += sizeBytes
    this.writtenBytes += sizeBytes
    const parcels = this.laneOf(kind, id)
    const at = parcels.claim(sizeBytes)
    parcels.view.setUint32(at, id, true)
    parcels.view.setUint32(at + 4, lengthWord(kind, length), true)
    if (prefixBytes > 0) parcels.view.setUint32(at + FRAME_HEADER_BYTES, total, true)
    if (end > start)
      parcels.fill(at + FRAME_HEADER_BYTES + prefixBytes, start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end))
    return true
  }

  publish(): boolean {
    if (this.writtenBytes === 0) return false
    this.publishedBytes += this.writtenBytes
    this.writtenBytes = 0
    this.finish(this.ahead)
    this.finish(this.inTurn)
    for (const { parcel, ahead } of this.written) this.send(parcel, ahead)
    this.written.length = 0
    return true
  }

  wantRoom(): boolean {
    this.roomWanted = true
    return this.hasRoom
  }

  private get hasRoom(): boolean {
    return this.unflushedBytes + align8(FRAME_HEADER_BYTES + this.payloadBytesMax) <= this.capacityBytes
  }

  private laneOf(kind: FrameKind, id: PhysicalStreamId): Parcels {
    const [lane, other] = this.goesAhead(kind, id) ? [this.ahead, this.inTurn] : [this.inTurn, this.ahead]
    if (!other.isEmpty) this.finish(other)
    return lane
  }

  private goesAhead(kind: FrameKind, id: PhysicalStreamId): boolean {
    if (kind === FRAME.CALL) return true
    if (kind !== FRAME.ERROR && kind !== FRAME.RESET) return false
    // What is written and not sent yet may be of the same stream.
    return this.inTurn.isEmpty && !this.written.some(({ ahead }) => !ahead) && !this.port.isWaiting(id)
  }

  private finish(lane: Parcels): void {
    for (const parcel of lane.take()) this.written.push({ parcel, ahead: lane === this.ahead })
  }

  private send(parcel: Parcel, ahead: boolean): void {
    const frameBytes = parcel.bytes.length - this.port.headerBytes
    this.port.send({ bytes: parcel.bytes, flushed: () => this.flushed(parcel, frameBytes) }, ahead)
  }

  private flushed(parcel: Parcel, frameBytes: number): void {
    parcel.flushed()
    this.unflushedBytes -= frameBytes
    if (!this.roomWanted || !this.hasRoom) return
    this.roomWanted = false
    this.roomFreed()
  }
}

const NOTHING = Buffer.alloc(0)

/** A frame whose rest has not arrived: what did, in memory for all that is known of it, its header at first. */
interface Begun {
  bytes: Buffer
  filled: number
}

/** Frames out of parcels, which come in pieces that are cut anywhere. Every word that the peer wrote is checked before it is used. */
export class ParcelFrameReader implements FrameInlet {
  kind = 0
  id: PhysicalStreamId = 0 as PhysicalStreamId
  length = 0
  readonly payloadBytesMax: number
  /** Whole frames, or what breaks the protocol. */
  private readonly pieces = new Deque<Buffer>()
  private begun: Begun | undefined
  private piece: Buffer = NOTHING
  private at = 0
  private payloadAt = 0

  constructor(readonly capacityBytes: number) {
    this.payloadBytesMax = payloadBytesMax(capacityBytes)
  }

  /** The next piece of a parcel arrived, without the header of the parcel; its memory is not used again by whoever hands it in. */
  arrived(bytes: Uint8Array, endsParcel = true): void {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const at = this.begun === undefined ? 0 : this.resume(this.begun, piece)
    const end = this.endOfWhole(piece, at)
    if (end > at) this.pieces.push(piece.subarray(at, end))
    if (end < piece.length) {
      this.begun = { bytes: allocated(FRAME_HEADER_BYTES), filled: 0 }
      this.resume(this.begun, piece.subarray(end))
    }
    // No frame goes on in another parcel: it is refused when it is read.
    if (endsParcel && this.begun !== undefined) this.finish(this.begun)
  }

  next(): boolean {
    if (this.at === this.piece.length) {
      this.piece = this.pieces.shift() ?? NOTHING
      this.at = 0
      if (this.piece.length === 0) return false
    }
    const { piece, at } = this
    if (at + FRAME_HEADER_BYTES > piece.length) throw new ProtocolError(`${piece.length - at} bytes where a frame should begin`)
    const word = piece.readUint32LE(at + 4)
    const kind = kindOf(word)
    const length = lengthOf(word)
    const sizeBytes = align8(FRAME_HEADER_BYTES + length)
    if (at + sizeBytes > piece.length) throw new ProtocolError(`a frame of ${length} bytes at ${at} runs past what arrived`)
    if (kind === FRAME.PAD) throw new ProtocolError('a PAD frame over a socket')
    checkLength(kind, length, this.payloadBytesMax)
    this.at += sizeBytes
    this.kind = kind
    this.id = piece.readUint32LE(at) as PhysicalStreamId
    this.length = length
    this.payloadAt = at + FRAME_HEADER_BYTES
    return true
  }

  copy(): Uint8Array {
    return ownCopy(this.piece.subarray(this.payloadAt, this.payloadAt + this.length))
  }

  firstWord(): number {
    return this.piece.readUint32LE(this.payloadAt)
  }

  copyInto(target: Uint8Array, offset: number, from: number): void {
    copyBytes(target, offset, this.piece.subarray(this.payloadAt + from, this.payloadAt + this.length))
  }

  /** The peer's room does not depend on it. */
  release(): boolean {
    return false
  }

  hasMore(): boolean {
    return this.at < this.piece.length || this.pieces.length > 0
  }

  /** Adds to a frame what this piece has of it; returns where that ends. */
  private resume(begun: Begun, piece: Buffer): number {
    let at = fill(begun, piece, 0)
    if (begun.filled < begun.bytes.length) return at
    const sizeBytes = this.sizeOf(begun.bytes, 0)
    if (begun.bytes.length < sizeBytes) {
      const header = begun.bytes
      begun.bytes = allocated(sizeBytes)
      header.copy(begun.bytes)
      at = fill(begun, piece, at)
    }
    if (begun.filled === begun.bytes.length) this.finish(begun)
    return at
  }

  private finish({ bytes, filled }: Begun): void {
    this.pieces.push(bytes.subarray(0, filled))
    this.begun = undefined
  }

  /** Where the last frame ends of which all is here. What breaks the protocol, and all behind it, counts as whole. */
  private endOfWhole(piece: Buffer, start: number): number {
    let at = start
    while (at + FRAME_HEADER_BYTES <= piece.length) {
      const end = at + this.sizeOf(piece, at)
      if (end > piece.length) return at
      at = end
    }
    return at
  }

  /** The bytes that the frame takes whose header is here; of one that is longer than any may be, its header alone. */
  private sizeOf(bytes: Buffer, at: number): number {
    const length = lengthOf(bytes.readUint32LE(at + 4))
    return length > this.payloadBytesMax ? FRAME_HEADER_BYTES : align8(FRAME_HEADER_BYTES + length)
  }
}

function fill(begun: Begun, piece: Buffer, at: number): number {
  const taken = Math.min(begun.bytes.length - begun.filled, piece.length - at)
  piece.copy(begun.bytes, begun.filled, at, at + taken)
  begun.filled += taken
  return at + taken
}

function allocated(sizeBytes: number): Buffer {
  const { buffer, byteOffset, length } = allocate(sizeBytes)
  return Buffer.from(buffer, byteOffset, length)
}

/** Whether frames of this stream are among them. */
export function holdsFrameOf(frames: Uint8Array, id: PhysicalStreamId): boolean {
  const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.length)
  for (let at = 0; at < bytes.length; at += align8(FRAME_HEADER_BYTES + lengthOf(bytes.readUint32LE(at + 4)))) {
    if (bytes.readUint32LE(at) === id) return true
  }
  return false
}
