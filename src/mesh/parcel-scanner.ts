import { PARCEL_BYTES_MAX } from '../frame/parcels.js'
import { allocate } from '../memory/allocation.js'
import { PARCEL, type ParcelKind, readParcelHeader, WIRE_HEADER_BYTES } from './parcel-header.js'

/** Where parcels go. */
export interface ParcelTarget {
  /** Whether somebody takes the frames of this channel, who may have them in pieces. */
  takesPieces(channel: number): boolean
  /** A piece of a parcel of frames, the last where it ends the parcel. */
  piece(channel: number, bytes: Uint8Array, endsParcel: boolean): void
  /** A whole parcel of any kind. */
  parcel(channel: number, kind: ParcelKind, bytes: Uint8Array): void
}

/** Cuts what is read from a socket, in whatever pieces, into parcels. What lies whole in what was read stays there. */
export class ParcelScanner {
  private readonly header = Buffer.alloc(WIRE_HEADER_BYTES)
  private headerFilled = 0
  private channel = 0
  private kind: ParcelKind = PARCEL.frames
  /** What is still to come of a parcel that is handed on in pieces. */
  private comingBytes = 0
  /** One that is not. */
  private body: Uint8Array | undefined
  private bodyFilled = 0

  constructor(private readonly target: ParcelTarget) {}

  /** Returns false where what came is no parcel: nothing behind it can be read. */
  scan(chunk: Uint8Array): boolean {
    for (let at = 0; at < chunk.length; ) {
      const next = this.take(chunk, at)
      if (next < 0) return false
      at = next
    }
    return true
  }

  /** Returns where it goes on, or -1. */
  private take(chunk: Uint8Array, at: number): number {
    if (this.comingBytes > 0) return this.takePiece(chunk, at)
    return this.body === undefined ? this.takeHeader(chunk, at) : this.takeBody(this.body, chunk, at)
  }

  private takeHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(WIRE_HEADER_BYTES - this.headerFilled, chunk.length - at)
    this.header.set(chunk.subarray(at, at + taken), this.headerFilled)
    this.headerFilled += taken
    if (this.headerFilled < WIRE_HEADER_BYTES) return at + taken
    this.headerFilled = 0
    return this.begin(chunk, at + taken)
  }

  private begin(chunk: Uint8Array, at: number): number {
    const { channel, kind, length } = readParcelHeader(this.header)
    if (length > PARCEL_BYTES_MAX || kind > PARCEL.bell) return -1
    this.channel = channel
    this.kind = kind as ParcelKind
    if (at + length <= chunk.length) {
      this.target.parcel(channel, this.kind, chunk.subarray(at, at + length))
      return at + length
    }
    // Frames need not wait for all of their parcel, nor be copied once more for it.
    if (kind === PARCEL.frames && this.target.takesPieces(channel)) this.comingBytes = length
    else {
      this.body = allocate(length)
      this.bodyFilled = 0
    }
    return at
  }

  private takePiece(chunk: Uint8Array, at: number): number {
    const end = Math.min(at + this.comingBytes, chunk.length)
    this.comingBytes -= end - at
    this.target.piece(this.channel, chunk.subarray(at, end), this.comingBytes === 0)
    return end
  }

  private takeBody(body: Uint8Array, chunk: Uint8Array, at: number): number {
    const taken = Math.min(body.length - this.bodyFilled, chunk.length - at)
    body.set(chunk.subarray(at, at + taken), this.bodyFilled)
    this.bodyFilled += taken
    if (this.bodyFilled === body.length) {
      this.body = undefined
      this.target.parcel(this.channel, this.kind, body)
    }
    return at + taken
  }
}
