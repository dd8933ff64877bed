import { Buffer } from 'node:buffer'
import { readText, textBytesMax, writeText } from '../../columnar/text.js'

const SLOTS_FIRST = 1024
const BYTES_FIRST = 0x1_0000
/** Before each text: its bytes, negative where it is not ASCII, and its number, a word each. */
const HEAD_BYTES = 8
/** Text that is decoded at once when keys are read back in order. */
const CHUNK_BYTES = 0x8000

/**
 * Texts, each with a number, found by hash. The texts are entries in one buffer, padded to words; a slot is two words, the hash and
 * where the entry begins. A look-up touches a slot and an entry; a Map of as many strings takes two more cache misses, and every
 * garbage collection walks it.
 *
 * Open addressing with linear probing; MurmurHash3 (x86, 32 bit) over words of 4 bytes.
 */
export class TextIndex {
  /** Pairs of hash and first word of the entry + 1; 0: free. */
  #slots: Int32Array = new Int32Array(2 * SLOTS_FIRST)
  #mask: number = SLOTS_FIRST - 1
  #count = 0
  #bytes: Buffer = Buffer.from(new ArrayBuffer(BYTES_FIRST))
  #words: Int32Array = new Int32Array(this.#bytes.buffer)
  /** Where the next entry goes: a multiple of 4. */
  #used = 0
  /** First word of the entry, by number. */
  #entries: number[] = []
  #chunk = ''
  #chunkStart = 0

  get byteLength(): number {
    return this.#used
  }

  /** The number of a text; where it is new, `next`, which it has from now on. */
  find(text: string, next: number): number {
    const end = this.#write(text)
    const words = this.#words
    const entry = this.#used >> 2
    const last = end >> 2
    const hash = this.#hash(entry, last)
    const slots = this.#slots
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const other = slots[2 * at + 1] - 1
      if (other < 0) {
        slots[2 * at] = hash
        slots[2 * at + 1] = entry + 1
        words[entry + 1] = next
        this.#entries[next] = entry
        this.#used = end
        if (++this.#count * 2 > this.#mask) this.#growSlots()
        return next
      }
      if (slots[2 * at] === hash && words[other] === words[entry] && isEqual(words, entry + 2, other + 2, last)) return words[other + 1]
    }
  }

  /** The text of a number. Fast where numbers are asked for in order; what it returns may keep up to 32 KiB alive. */
  textOf(number: number): string {
    const entry = this.#entries[number]
    const size = this.#words[entry]
    const start = 4 * entry + HEAD_BYTES
    if (size < 0) return readText(this.#bytes.subarray(start, start - size)) as string
    let from = start - this.#chunkStart
    if (from < 0 || from + size > this.#chunk.length) {
      this.#chunk = this.#bytes.toString('latin1', start, Math.min(this.#used, start + Math.max(size, CHUNK_BYTES)))
      this.#chunkStart = start
      from = 0
    }
    return this.#chunk.substring(from, from + size)
  }

  clear(): void {
    this.#slots = new Int32Array(2 * SLOTS_FIRST)
    this.#mask = SLOTS_FIRST - 1
    this.#count = this.#used = this.#chunkStart = 0
    this.#entries = []
    this.#chunk = ''
  }

  /** Puts an entry behind the last one, without its number, and zeros up to a whole word. Returns where it ends. */
  #write(text: string): number {
    const start = this.#used + HEAD_BYTES
    const room = start + textBytesMax(text) + 4
    if (room > this.#bytes.length) this.#growBytes(room)
    const end = writeText(this.#bytes, start, text)
    const size = end - start
    this.#words[this.#used >> 2] = size === text.length ? size : -size
    let at = end
    while ((at & 3) !== 0) this.#bytes[at++] = 0
    return at
  }

  #hash(entry: number, last: number): number {
    const words = this.#words
    let hash = words[entry]
    for (let at = entry + 2; at < last; at++) {
      const scrambled = Math.imul(words[at], 0xcc9e_2d51)
      hash ^= Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b87_3593)
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe654_6b64) | 0
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
    return hash ^ (hash >>> 16)
  }

  /** Twice as many slots. Entries keep their order but for the new bit, so both tables are walked from front to back. */
  #growSlots(): void {
    const old = this.#slots
    const slots = new Int32Array(2 * old.length)
    const mask = 2 * this.#mask + 1
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue
      let at = old[from] & mask
      while (slots[2 * at + 1] !== 0) at = (at + 1) & mask
      slots[2 * at] = old[from]
      slots[2 * at + 1] = old[from + 1]
    }
    this.#slots = slots
    this.#mask = mask
  }

  #growBytes(room: number): void {
    let size = this.#bytes.length
    while (size < room) size *= 2
    const bytes = Buffer.from(new ArrayBuffer(size))
    bytes.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = bytes
    this.#words = new Int32Array(bytes.buffer)
  }
}

function isEqual(words: Int32Array, one: number, other: number, last: number): boolean {
  for (let at = one, to = other; at < last; at++, to++) if (words[at] !== words[to]) return false
  return true
}
