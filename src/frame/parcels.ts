import { allocate } from '../memory/allocation.js'
import { copyBytes } from '../memory/copy.js'
import type { Recycler } from '../memory/recycler.js'

/** What parcels are cut from, in bytes: a frame of 64 KiB and what is sent beside it. */
const CHUNK_BYTES = 0x2_0000
/** No parcel is longer. */
export const PARCEL_BYTES_MAX: number = CHUNK_BYTES

/** Bytes that go over a socket at once. Its memory is used again once it is flushed. */
export interface Parcel {
  /** With room for the header at its beginning. */
  readonly bytes: Uint8Array
  /** The bytes went to the system. */
  flushed(): void
}

interface Chunk {
  readonly memory: Uint8Array
  readonly words: DataView
  /** Parcels of it that are not flushed. */
  open: number
  used: number
}

/** Puts pieces together to parcels, each with room for a header before it. */
export class Parcels {
  private chunk: Chunk | undefined
  private start = 0
  private finished: Parcel[] = []

  constructor(
    private readonly headerBytes: number,
    private readonly memory: Pick<Recycler, 'allocate' | 'takeBack'> = { allocate, takeBack: () => {} },
  ) {}

  get isEmpty(): boolean {
    return this.finished.length === 0 && (this.chunk === undefined || this.chunk.used === this.start)
  }

  /** Room for the next `sizeBytes`: their offset in `view`, which holds until `claim` is called again. */
  claim(sizeBytes: number): number {
    let { chunk } = this
    const begins = chunk === undefined || chunk.used === this.start
    if (chunk === undefined || chunk.used + (begins ? this.headerBytes : 0) + sizeBytes > chunk.memory.length) {
      this.finish()
      this.retire()
      chunk = this.newChunk()
      this.chunk = chunk
      this.start = 0
    }
    if (chunk.used === this.start) chunk.used += this.headerBytes
    const at = chunk.used
    chunk.used += sizeBytes
    return at
  }

  /** Of the chunk that the last `claim` was in. */
  get view(): DataView {
    return (this.chunk as Chunk).words
  }

  fill(offset: number, bytes: Uint8Array): void {
    copyBytes((this.chunk as Chunk).memory, offset, bytes)
  }

  /** What was put together since this was asked last. */
  take(): readonly Parcel[] {
    this.finish()
    const { finished } = this
    this.finished = []
    return finished
  }

  private finish(): void {
    const { chunk, start } = this
    if (chunk === undefined || chunk.used === start) return
    chunk.open++
    this.start = chunk.used
    this.finished.push({ bytes: chunk.memory.subarray(start, chunk.used), flushed: () => this.flushed(chunk) })
  }

  private flushed(chunk: Chunk): void {
    chunk.open--
    if (chunk.open > 0) return
    if (chunk !== this.chunk) this.memory.takeBack(chunk.memory)
    else if (chunk.used === this.start) chunk.used = this.start = 0
  }

  private retire(): void {
    const { chunk } = this
    this.chunk = undefined
    if (chunk?.open === 0) this.memory.takeBack(chunk.memory)
  }

  private newChunk(): Chunk {
    const memory = this.memory.allocate(CHUNK_BYTES)
    return { memory, words: new DataView(memory.buffer, memory.byteOffset, memory.length), open: 0, used: 0 }
  }
}
