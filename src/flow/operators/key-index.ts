import type { Key } from '../../columnar/key.js'
import { TextIndex } from './text-index.js'

/** A Map entry, its share of empty room, and the number in it. */
const ENTRY_BYTES = 56
/** A text beside its bytes: its slot at half load, its offset and size. */
const TEXT_BYTES = 48

/** The keys of groups, numbered as they appear. */
export class KeyIndex {
  readonly #texts = new TextIndex()
  #others: Map<Key, number> = new Map()
  #otherKeys: Map<number, Key> = new Map()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** What the keys take, in bytes, estimated. */
  get bytes(): number {
    const others = this.#others.size
    return others * 2 * ENTRY_BYTES + (this.#size - others) * TEXT_BYTES + this.#texts.byteLength
  }

  /** The number of a key; a new one gets the next, which is `size` before the call. */
  find(key: Key): number {
    const next = this.#size
    if (typeof key === 'string') {
      const number = this.#texts.find(key, next)
      if (number === next) this.#size++
      return number
    }
    const number = this.#others.get(key)
    if (number !== undefined) return number
    this.#others.set(key, next)
    this.#otherKeys.set(next, key)
    return this.#size++
  }

  keyOf(number: number): Key {
    const other = this.#otherKeys.get(number)
    return other === undefined ? this.#texts.textOf(number) : other
  }

  clear(): void {
    this.#texts.clear()
    this.#others = new Map()
    this.#otherKeys = new Map()
    this.#size = 0
  }
}
