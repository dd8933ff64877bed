import { ProtocolError } from '../base/errors.js'
import { type AtomicOps, nativeAtomics } from '../memory/atomics.js'
import { attachRing, detachedViews, RING, type RingRegion } from './layout.js'

/**
 * The writing end of a ring. Claim room, fill it, publish: what is claimed is invisible until `publish` stores the tail once.
 * Never blocks.
 */
export class RingWriter {
  readonly capacity: number
  bytes: Uint8Array
  data: Int32Array
  private words: Int32Array
  private readonly mask: number
  private tail: number
  private published: number
  private headSeen: number
  /** Everything published since the ring began, for whoever measures. */
  publishedBytes = 0

  constructor(
    region: RingRegion,
    private readonly atomics: AtomicOps = nativeAtomics,
  ) {
    const views = attachRing(region)
    this.capacity = views.capacity
    this.bytes = views.bytes
    this.data = views.data
    this.words = views.words
    this.mask = views.capacity - 1
    this.tail = this.published = atomics.load(this.words, RING.tail)
    this.headSeen = (this.tail - this.capacity) | 0
    this.headSeen = this.loadHead()
  }

  /** Bytes from the current position to where the ring wraps. */
  get contiguousBytes(): number {
    return this.capacity - (this.tail & this.mask)
  }

  /** Whether `sizeBytes` are free; looks at the reader's position only when what it saw last is not enough. */
  hasRoom(sizeBytes: number): boolean {
    if (this.free() >= sizeBytes) return true
    this.headSeen = this.loadHead()
    return this.free() >= sizeBytes
  }

  /** Takes `sizeBytes` (a multiple of 8, not wrapping, known to be free) and returns their offset in `bytes`. */
  claim(sizeBytes: number): number {
    const offset = this.tail & this.mask
    this.tail = (this.tail + sizeBytes) | 0
    return offset
  }

  get unpublishedBytes(): number {
    return (this.tail - this.published) >>> 0
  }

  /** Makes everything claimed visible. Returns whether there was anything. */
  publish(): boolean {
    if (this.tail === this.published) return false
    this.publishedBytes += this.unpublishedBytes
    this.published = this.tail
    this.atomics.store(this.words, RING.tail, this.tail) // SYNC tail: the payload is written before
    return true
  }

  /** Says that space is wanted and looks again. True: there is room for `sizeBytes` after all. */
  wantSpace(sizeBytes: number): boolean {
    this.atomics.store(this.words, RING.spaceWanted, 1) // SYNC space: the flag is set before the second look
    this.headSeen = this.loadHead()
    return this.free() >= sizeBytes
  }

  /** Whether the reader has read everything published. */
  get isDrained(): boolean {
    return this.loadHead() === this.published
  }

  /** From now on nobody reads it, and it keeps no view of its memory. */
  detach(): void {
    this.published = this.headSeen = this.tail
    Object.assign(this, detachedViews(this.tail))
  }

  private free(): number {
    return this.capacity - ((this.tail - this.headSeen) >>> 0)
  }

  private loadHead(): number {
    const head = this.atomics.load(this.words, RING.head) // SYNC head: what lies before it may be overwritten
    // It goes forward only, up to what is published.
    const freed = (head - this.headSeen) >>> 0
    if (freed > (this.published - this.headSeen) >>> 0 || ((head | this.tail) & 7) !== 0) {
      throw new ProtocolError(`the reader's position ${head >>> 0} is not between ${this.headSeen >>> 0} and ${this.published >>> 0}`)
    }
    return head
  }
}
