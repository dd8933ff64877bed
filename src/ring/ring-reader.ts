import { ProtocolError } from '../base/errors.js'
import { type AtomicOps, nativeAtomics } from '../memory/atomics.js'
import { attachRing, detachedViews, RING, type RingRegion } from './layout.js'

/** The reading end of a ring. What is read stays in place until `release`. Never blocks. */
export class RingReader {
  readonly capacity: number
  bytes: Uint8Array
  data: Int32Array
  private words: Int32Array
  private readonly mask: number
  private head: number
  private released: number
  private tailSeen: number

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
    this.head = this.released = this.tailSeen = atomics.load(this.words, RING.head)
  }

  /** Bytes published and not yet read; looks at the writer's position only when all it saw last is read. */
  available(): number {
    if (this.head === this.tailSeen) this.tailSeen = this.loadTail()
    return (this.tailSeen - this.head) >>> 0
  }

  /** Whether anything waits, be it right or wrong: never throws, for the second look before sleep. What is wrong is found by reading. */
  hasUnread(): boolean {
    return this.head !== this.tailSeen || this.atomics.load(this.words, RING.tail) !== this.head
  }

  /** Offset in `bytes` of what is read next. */
  get offset(): number {
    return this.head & this.mask
  }

  /** Goes on by `sizeBytes`, which must be available. */
  advance(sizeBytes: number): void {
    this.head = (this.head + sizeBytes) | 0
  }

  get unreleasedBytes(): number {
    return (this.head - this.released) >>> 0
  }

  /** Frees what was read. True: the writer waits for space and must be woken. */
  release(): boolean {
    if (this.head === this.released) return false
    this.released = this.head
    this.atomics.store(this.words, RING.head, this.head) // SYNC head: everything before it was copied out
    // SYNC space: the head is stored before the flag is looked at
    return this.atomics.load(this.words, RING.spaceWanted) !== 0 && this.atomics.exchange(this.words, RING.spaceWanted, 0) !== 0
  }

  /** From now on it is empty, and keeps no view of its memory. */
  detach(): void {
    this.released = this.tailSeen = this.head
    Object.assign(this, detachedViews(this.head))
  }

  private loadTail(): number {
    const tail = this.atomics.load(this.words, RING.tail) // SYNC tail: the payload was written before
    const unread = (tail - this.head) >>> 0
    if (unread > this.capacity || (tail - this.released) >>> 0 > this.capacity || ((tail | this.head) & 7) !== 0) {
      throw new ProtocolError(`the writer's position ${tail >>> 0} is ${unread} bytes ahead in a ring of ${this.capacity}`)
    }
    return tail
  }
}
