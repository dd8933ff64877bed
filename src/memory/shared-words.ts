import { assert } from '../base/assert.js'
import { type AtomicOps, nativeAtomics } from './atomics.js'
import { type Segment, WORD_STRIDE_BYTES } from './segment.js'

const STRIDE_WORDS = WORD_STRIDE_BYTES / Int32Array.BYTES_PER_ELEMENT

/** An array of shared 32-bit words, each alone in its cache lines. */
export class SharedWords {
  readonly count: number
  private words: Int32Array

  constructor(
    segment: Segment,
    private readonly atomics: AtomicOps = nativeAtomics,
    count?: number,
  ) {
    this.words = new Int32Array(segment, 0, count === undefined ? undefined : count * STRIDE_WORDS)
    this.count = Math.floor(this.words.length / STRIDE_WORDS)
  }

  static sizeBytes(count: number): number {
    return count * WORD_STRIDE_BYTES
  }

  load(index: number): number {
    return this.atomics.load(this.words, this.at(index))
  }

  store(index: number, value: number): void {
    this.atomics.store(this.words, this.at(index), value)
  }

  exchange(index: number, value: number): number {
    return this.atomics.exchange(this.words, this.at(index), value)
  }

  wait(index: number, value: number, timeoutMs?: number): 'ok' | 'not-equal' | 'timed-out' {
    return this.atomics.wait(this.words, this.at(index), value, timeoutMs)
  }

  notify(index: number): number {
    return this.atomics.notify(this.words, this.at(index))
  }

  /** From now on they are words of nobody's, 0 each, and no view of their memory is kept. */
  detach(): void {
    this.words = new Int32Array(this.words.length)
  }

  private at(index: number): number {
    assert(index >= 0 && index < this.count, `word ${index} of ${this.count}`)
    return index * STRIDE_WORDS
  }
}
