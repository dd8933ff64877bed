import type { Key } from '../../columnar/key.js'
import { TEXTS_AT_ONCE, TextIndex } from './text-index.js'

/** A Map entry, its share of empty room, and the number in it. */
const ENTRY_BYTES = 56
/** A text beside its bytes: its slot at half load, its offset and size. */
const TEXT_BYTES = 48

/** Keys that are looked up at once. */
export const KEYS_AT_ONCE: number = TEXTS_AT_ONCE

/** The keys of groups, numbered as they appear. */
export class KeyIndex {
  readonly #texts = new TextIndex()
  #others: Map<Key, number> = new Map()
  #otherKeys: Map<number, Key> = new Map()
  #size = 0
  readonly #oneText: [string] = ['']
  readonly #oneNumber: Int32Array = new Int32Array(1)

  get size(): number {
    return this.#size
  }

  /** What the keys take, in bytes, estimated. */
  get bytes(): number {
    const others = this.#others.size
    return others * 2 * ENTRY_BYTES + (this.#size - others) * TEXT_BYTES + this.#texts.byteLength
  }

  /** The numbers of the first `count` keys, at most `KEYS_AT_ONCE`, into `numbers`. New ones get the next, from `size` before the call. */
  find(keys: readonly Key[], count: number, numbers: Int32Array): void {
    if (areTexts(keys, count)) this.#size = this.#texts.find(keys, count, numbers, this.#size)
    else for (let i = 0; i < count; i++) numbers[i] = this.#findOne(keys[i])
  }

  /** As `find`, but new keys are left out: -1. */
  seek(keys: readonly Key[], count: number, numbers: Int32Array): void {
    if (areTexts(keys, count)) this.#texts.seek(keys, count, numbers)
    else for (let i = 0; i < count; i++) numbers[i] = this.#seekOne(keys[i])
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

  #seekOne(key: Key): number {
    if (typeof key !== 'string') return this.#others.get(key) ?? -1
    this.#oneText[0] = key
    this.#texts.seek(this.#oneText, 1, this.#oneNumber)
    return this.#oneNumber[0]
  }

  #findOne(key: Key): number {
    if (typeof key === 'string') {
      this.#oneText[0] = key
      this.#size = this.#texts.find(this.#oneText, 1, this.#oneNumber, this.#size)
      return this.#oneNumber[0]
    }
    const number = this.#others.get(key)
    if (number !== undefined) return number
    const next = this.#size++
    this.#others.set(key, next)
    this.#otherKeys.set(next, key)
    return next
  }
}

function areTexts(keys: readonly Key[], count: number): keys is readonly string[] {
  for (let i = 0; i < count; i++) if (typeof keys[i] !== 'string') return false
  return true
}
