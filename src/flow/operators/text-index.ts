import { Buffer } from 'node:buffer'
import { readText, textBytesMax, writeText } from '../../columnar/text.js'

const SLOTS_FIRST = 1024
const SLOT_WORDS = 4
const BYTES_FIRST = 0x1_0000
/** Text that is decoded at once when keys are read back in order. */
const CHUNK_BYTES = 0x8000

/**
 * Texts, each with a number, found by hash. The texts are bytes in one buffer, the table is one array of numbers: a Map of as many
 * strings takes two more cache misses per look-up and is walked by every garbage collection.
 *
 * Open addressing with linear probing; MurmurHash3 (x86, 32 bit) over words of 4 bytes.
 */
export class TextIndex {
  /** A slot is four words: hash, first word of the text, its bytes, number + 1 (0: free). A look-up touches this line and the text. */
  #slots: Int32Array = new Int32Array(SLOT_WORDS * SLOTS_FIRST)
  #mask: number = SLOTS_FIRST - 1
  #count = 0
  #bytes: Buffer = Buffer.from(new ArrayBuffer(BYTES_FIRST))
  #words: Int32Array = new Int32Array(this.#bytes.buffer)
  /** Where the next text goes: a multiple of 4. */
  #used = 0
  /** Offset and size by number; the size of a text that is not ASCII is negative. */
  #starts: number[] = []
  #sizes: number[] = []
  #chunk = ''
  #chunkStart = 0

  get byteLength(): number {
    return this.#used
  }

  /** The number of a text; where it is new, `next`, which it has from now on. */
  find(text: string, next: number): number {
    const start = this.#used
    const size = this.#write(text, start)
    const last = (start + size + 3) >> 2
    const hash = this.#hash(start >> 2, last, size)
    const slots = this.#slots
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const slot = SLOT_WORDS * at
      const number = slots[slot + 3]
      if (number === 0) {
        slots[slot] = hash
        slots[slot + 1] = start >> 2
        slots[slot + 2] = size
        slots[slot + 3] = next + 1
        this.#add(next, start, size === text.length ? size : -size, last << 2)
        return next
      }
      if (slots[slot] === hash && slots[slot + 2] === size && this.#equals(slots[slot + 1], start >> 2, last)) return number - 1
    }
  }

  /** The text of a number. Fast where numbers are asked for in order; what it returns may keep up to 32 KiB alive. */
  textOf(number: number): string {
    const start = this.#starts[number]
    const size = this.#sizes[number]
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
    this.#slots = new Int32Array(SLOT_WORDS * SLOTS_FIRST)
    this.#mask = SLOTS_FIRST - 1
    this.#count = this.#used = this.#chunkStart = 0
    this.#starts = []
    this.#sizes = []
    this.#chunk = ''
  }

  /** Puts the text behind the last one, with zeros up to a whole word. Returns its bytes. */
  #write(text: string, start: number): number {
    const room = start + textBytesMax(text) + 4
    if (room > this.#bytes.length) this.#growBytes(room)
    const end = writeText(this.#bytes, start, text)
    for (let at = end; (at & 3) !== 0; at++) this.#bytes[at] = 0
    return end - start
  }

  #hash(first: number, last: number, size: number): number {
    const words = this.#words
    let hash = size
    for (let at = first; at < last; at++) {
      const scrambled = Math.imul(words[at], 0xcc9e_2d51)
      hash ^= Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b87_3593)
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe654_6b64) | 0
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
    return hash ^ (hash >>> 16)
  }

  #equals(one: number, other: number, last: number): boolean {
    const words = this.#words
    for (let at = other, to = one; at < last; at++, to++) if (words[at] !== words[to]) return false
    return true
  }

  #add(number: number, start: number, size: number, end: number): void {
    this.#starts[number] = start
    this.#sizes[number] = size
    this.#used = end
    if (++this.#count * 2 > this.#mask) this.#growSlots()
  }

  #growSlots(): void {
    const old = this.#slots
    this.#slots = new Int32Array(2 * old.length)
    this.#mask = 2 * this.#mask + 1
    for (let from = 0; from < old.length; from += SLOT_WORDS) {
      if (old[from + 3] === 0) continue
      let at = old[from] & this.#mask
      while (this.#slots[SLOT_WORDS * at + 3] !== 0) at = (at + 1) & this.#mask
      for (let word = 0; word < SLOT_WORDS; word++) this.#slots[SLOT_WORDS * at + word] = old[from + word]
    }
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
