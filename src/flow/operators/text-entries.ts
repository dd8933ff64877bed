import { Buffer } from 'node:buffer'
import { readText, textBytesMax, writeText } from '../../columnar/text.js'

const BYTES_FIRST = 0x1_0000
/** Before each text: its bytes, negative where it is not ASCII, and its number, a word each. */
const HEAD_WORDS = 2
/** Text that is decoded at once when texts are read back in order. */
const CHUNK_BYTES = 0x8000

/** Texts one behind the other in one buffer: an entry is two words, then the text in UTF-8, padded with zeros to whole words. */
export class TextEntries {
  words: Int32Array
  #bytes: Buffer
  /** Words in use. */
  #used = 0
  #chunk = ''
  #chunkStart = 0

  constructor() {
    this.#bytes = Buffer.from(new ArrayBuffer(BYTES_FIRST))
    this.words = new Int32Array(this.#bytes.buffer)
  }

  /** Where the next entry begins, in words. */
  get end(): number {
    return this.#used
  }

  /** Adds a text without its number. Returns where its entry ends. */
  add(text: string): number {
    const entry = this.#used
    const start = 4 * (entry + HEAD_WORDS)
    const room = start + textBytesMax(text) + 4
    if (room > this.#bytes.length) this.#grow(room)
    const end = writeText(this.#bytes, start, text)
    const size = end - start
    this.words[entry] = size === text.length ? size : -size
    let at = end
    while ((at & 3) !== 0) this.#bytes[at++] = 0
    this.#used = at >> 2
    return this.#used
  }

  /** Adds a copy of an entry, with another number. Returns where it begins. */
  copy(from: Int32Array, start: number, end: number, number: number): number {
    const entry = this.#used
    const room = 4 * (entry + end - start)
    if (room > this.#bytes.length) this.#grow(room)
    const { words } = this
    words[entry] = from[start]
    words[entry + 1] = number
    for (let at = start + HEAD_WORDS, to = entry + HEAD_WORDS; at < end; at++, to++) words[to] = from[at]
    this.#used = entry + end - start
    return entry
  }

  /** Whether the entry holds the same text as the one that lies from `start` to `end` in `other`. */
  equals(entry: number, other: Int32Array, start: number, end: number): boolean {
    const { words } = this
    if (words[entry] !== other[start]) return false
    for (let at = start + HEAD_WORDS, to = entry + HEAD_WORDS; at < end; at++, to++) if (words[to] !== other[at]) return false
    return true
  }

  /** MurmurHash3 (x86, 32 bit) over words of 4 bytes. */
  hash(start: number, end: number): number {
    const { words } = this
    let hash = words[start]
    for (let at = start + HEAD_WORDS; at < end; at++) {
      const scrambled = Math.imul(words[at], 0xcc9e_2d51)
      hash ^= Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b87_3593)
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe654_6b64) | 0
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
    return hash ^ (hash >>> 16)
  }

  /** The text of an entry. Fast where they are asked for in order; what it returns may keep up to 32 KiB alive. */
  text(entry: number): string {
    const size = this.words[entry]
    const start = 4 * (entry + HEAD_WORDS)
    if (size < 0) return readText(this.#bytes.subarray(start, start - size)) as string
    let from = start - this.#chunkStart
    if (from < 0 || from + size > this.#chunk.length) {
      this.#chunk = this.#bytes.toString('latin1', start, Math.min(4 * this.#used, start + Math.max(size, CHUNK_BYTES)))
      this.#chunkStart = start
      from = 0
    }
    return this.#chunk.substring(from, from + size)
  }

  /** Forgets all, and keeps the memory. */
  clear(): void {
    this.#used = this.#chunkStart = 0
    this.#chunk = ''
  }

  #grow(room: number): void {
    let size = this.#bytes.length
    while (size < room) size *= 2
    const bytes = Buffer.from(new ArrayBuffer(size))
    bytes.set(this.#bytes.subarray(0, 4 * this.#used))
    this.#bytes = bytes
    this.words = new Int32Array(bytes.buffer)
  }
}
