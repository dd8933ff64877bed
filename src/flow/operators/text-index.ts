import { TextEntries } from './text-entries.js'

const SLOTS_FIRST = 1024

/** Texts that are looked up at once. */
export const TEXTS_AT_ONCE: number = 128

/**
 * Texts, each with a number, found by hash. The texts are entries in one buffer; a slot is two words, the hash and where the entry
 * begins. A look-up touches a slot and an entry; a Map of as many strings takes two more cache misses, and every garbage collection
 * walks it.
 *
 * Open addressing with linear probing. Many texts are looked up at once, each step in a loop of its own over all of them: so the memory
 * is waited for once for many, not once for each.
 */
export class TextIndex {
  /** Pairs of hash and first word of the entry + 1; 0: free. */
  #slots: Int32Array = new Int32Array(2 * SLOTS_FIRST)
  #mask: number = SLOTS_FIRST - 1
  #count = 0
  #entries = new TextEntries()
  /** First word of the entry, by number. */
  #starts: number[] = []
  /** The texts being looked up: their entries, where each begins and the last ends, their hashes, and what was found. */
  readonly #asked = new TextEntries()
  readonly #askedStarts: Int32Array = new Int32Array(TEXTS_AT_ONCE + 1)
  readonly #hashes: Int32Array = new Int32Array(TEXTS_AT_ONCE)
  readonly #found: Int32Array = new Int32Array(TEXTS_AT_ONCE)

  get byteLength(): number {
    return 4 * this.#entries.end
  }

  /**
   * The numbers of the first `count` texts, at most `TEXTS_AT_ONCE`, into `numbers`; new texts get `next` and the following, in order.
   * Returns the next number that is free.
   */
  find(texts: readonly string[], count: number, numbers: Int32Array, next: number): number {
    this.#ask(texts, count)
    this.#probe(count)
    this.#compare(count, numbers)
    let free = next
    for (let i = 0; i < count; i++) {
      if (numbers[i] < 0) numbers[i] = this.#place(i, free)
      if (numbers[i] === free) free++
    }
    return free
  }

  /** As `find`, but new texts are left out: -1. */
  seek(texts: readonly string[], count: number, numbers: Int32Array): void {
    this.#ask(texts, count)
    this.#probe(count)
    this.#compare(count, numbers)
    for (let i = 0; i < count; i++) {
      if (numbers[i] >= 0) continue
      const at = this.#slotOf(i)
      if (this.#slots[2 * at + 1] !== 0) numbers[i] = this.#entries.words[this.#slots[2 * at + 1]]
    }
  }

  /** The text of a number. Fast where numbers are asked for in order; what it returns may keep up to 32 KiB alive. */
  textOf(number: number): string {
    return this.#entries.text(this.#starts[number])
  }

  clear(): void {
    this.#slots = new Int32Array(2 * SLOTS_FIRST)
    this.#mask = SLOTS_FIRST - 1
    this.#count = 0
    this.#entries = new TextEntries()
    this.#starts = []
  }

  #ask(texts: readonly string[], count: number): void {
    const asked = this.#asked
    const starts = this.#askedStarts
    const hashes = this.#hashes
    asked.clear()
    let start = 0
    for (let i = 0; i < count; i++) {
      const end = asked.add(texts[i])
      hashes[i] = asked.hash(start, end)
      starts[i] = start
      start = end
    }
    starts[count] = start
  }

  /** The first entry of the same hash, -1 where there is none. */
  #probe(count: number): void {
    const slots = this.#slots
    const mask = this.#mask
    const hashes = this.#hashes
    const found = this.#found
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]
      let at = hash & mask
      while (slots[2 * at] !== hash && slots[2 * at + 1] !== 0) at = (at + 1) & mask
      found[i] = slots[2 * at + 1] - 1
    }
  }

  /** The number where that is the text, -1 elsewhere. */
  #compare(count: number, numbers: Int32Array): void {
    const entries = this.#entries
    const { words } = entries
    const asked = this.#asked.words
    const starts = this.#askedStarts
    const found = this.#found
    for (let i = 0; i < count; i++) {
      const entry = found[i]
      numbers[i] = entry >= 0 && entries.equals(entry, asked, starts[i], starts[i + 1]) ? words[entry + 1] : -1
    }
  }

  /** Looks once more, for it may have come since, or share its hash with another; puts it in where it is new. */
  #place(i: number, next: number): number {
    const slots = this.#slots
    const at = this.#slotOf(i)
    const taken = slots[2 * at + 1]
    if (taken !== 0) return this.#entries.words[taken]
    const entry = this.#entries.copy(this.#asked.words, this.#askedStarts[i], this.#askedStarts[i + 1], next)
    slots[2 * at] = this.#hashes[i]
    slots[2 * at + 1] = entry + 1
    this.#starts[next] = entry
    if (++this.#count * 2 > this.#mask) this.#growSlots()
    return next
  }

  /** The slot that the text has, or would get. */
  #slotOf(i: number): number {
    const hash = this.#hashes[i]
    const slots = this.#slots
    const asked = this.#asked.words
    const start = this.#askedStarts[i]
    const end = this.#askedStarts[i + 1]
    let at = hash & this.#mask
    for (; slots[2 * at + 1] !== 0; at = (at + 1) & this.#mask) {
      if (slots[2 * at] === hash && this.#entries.equals(slots[2 * at + 1] - 1, asked, start, end)) break
    }
    return at
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
}
