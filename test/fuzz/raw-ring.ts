import { FRAME } from '../../src/frame/kinds.js'
import { attachRing, RING, type RingRegion, type RingViews } from '../../src/ring/layout.js'

/** A ring as a peer has it that keeps no rule: it may write what and where it likes. */
export class RawRing {
  private readonly views: RingViews
  private tail: number
  private readonly data: Buffer

  constructor(region: RingRegion) {
    this.views = attachRing(region)
    this.tail = this.views.words[RING.tail]
    this.data = Buffer.from(region.segment, region.offset + RING.headerBytes, region.capacity)
  }

  /** Bytes that are free, as the two positions say. */
  get free(): number {
    const { words, capacity } = this.views
    return Math.max(0, capacity - ((this.tail - words[RING.head]) >>> 0))
  }

  /** Adds bytes, padded to 8, over the wrap if need be. */
  put(bytes: Uint8Array): void {
    const { data } = this
    const at = (this.tail >>> 0) % data.length
    const first = bytes.subarray(0, data.length - at)
    data.set(first, at)
    data.set(bytes.subarray(first.length, first.length + at))
    this.tail = (this.tail + ((bytes.length + 7) & ~7)) | 0
  }

  /** Adds a PAD where so many bytes would wrap. */
  pad(sizeBytes: number): void {
    const { capacity } = this.views
    const left = capacity - ((this.tail >>> 0) % capacity)
    if (left >= sizeBytes) return
    const pad = new Uint8Array(left)
    new DataView(pad.buffer).setUint32(4, ((FRAME.PAD << 28) | (left - 8)) >>> 0, true)
    this.put(pad)
  }

  publish(): void {
    this.views.words[RING.tail] = this.tail
  }

  /** Frees all that the other side published. */
  takeAll(): void {
    this.views.words[RING.head] = this.views.words[RING.tail]
  }

  setWord(which: 'tail' | 'head' | 'spaceWanted' | 'capacity', value: number): void {
    this.views.words[RING[which]] = value | 0
  }

  word(which: 'tail' | 'head'): number {
    return this.views.words[RING[which]]
  }
}
