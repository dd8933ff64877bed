import type { PhysicalStreamId } from '../base/ids.js'
import type { FrameKind } from './kinds.js'

/** Where frames go: the writing end of a link's data direction. Nothing here blocks. */
export interface FrameOutlet {
  /** F, the largest payload of a frame. */
  readonly payloadBytesMax: number
  /** Whether what is written is copied at once; otherwise it is handed over as it is. */
  readonly copies: boolean
  /** Everything published, in bytes of frames. */
  readonly publishedBytes: number
  /**
   * Writes one frame with the payload `bytes[start, end)`, which the caller does not change afterwards; `total`, unless negative, is
   * the length of the whole message and goes before it. False: no room; nothing was written. Of a long run without `publish`, the
   * first frames may be seen early.
   */
  tryWrite(kind: FrameKind, id: PhysicalStreamId, bytes: Uint8Array, start: number, end: number, total: number): boolean
  /** Makes what was written visible. Returns whether there was anything. */
  publish(): boolean
  /** Says that room for a frame of F is wanted and looks again. True: there is. */
  wantRoom(): boolean
}

/**
 * Where frames come from: the reading end. The fields describe the frame that `next` found and are valid until it or
 * `release` is called again.
 */
export interface FrameInlet {
  /** F, the largest payload of a frame. The two directions of a link may differ. */
  readonly payloadBytesMax: number
  /** What the ring holds: a window beyond twice that would only let the sender run into a full ring. */
  readonly capacityBytes: number
  readonly kind: number
  readonly id: PhysicalStreamId
  readonly length: number
  /** Goes to the next frame; the one before may be freed. Throws `ProtocolError` where the ring holds none that can be. */
  next(): boolean
  /** The payload in memory that the ring does not use again: copied, or handed over where both ends are in one thread. */
  copy(): Uint8Array
  /** The first four bytes of the payload: where a message begins that takes several frames, its length. */
  firstWord(): number
  /** Copies the payload from `from` on into `target` at `offset`. */
  copyInto(target: Uint8Array, offset: number, from: number): void
  /** Frees what was read. True: the writer wants the room that was freed since this was asked last, and must be woken. */
  release(): boolean
  /** Whether a frame waits, be it right or wrong. Never throws. */
  hasMore(): boolean
}
