import { assert } from '../../base/assert.js'
import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { Items } from './items.js'
import type { StageCall } from './stage-call.js'

/**
 * Calls the function with the rows of each key, which follow each other in the input: an iterable that is read while the function reads it,
 * once. What the function leaves of a key's rows is dropped.
 */
export class PerKeyCursor implements Cursor<Row> {
  /** A sort, which does not pause once it has given a row. */
  readonly #input: Cursor<Row>
  /** Whether two rows have the same key. */
  readonly #isSame: (a: Row, b: Row) => boolean
  readonly #call: StageCall
  readonly #items: Items
  readonly #slice: Slice
  /** The first row of the key at hand, while its function runs. */
  #first: Row | undefined
  /** The next row to be given. */
  #head: Row | typeof END | undefined
  /** What the input threw while the function read it: nothing that the function did. */
  #broken: { readonly error: unknown } | undefined

  constructor(input: Cursor<Row>, call: StageCall, isSame: (a: Row, b: Row) => boolean, slice: Slice) {
    this.#input = input
    this.#isSame = isSame
    this.#call = call
    this.#items = new Items(call)
    this.#slice = slice
  }

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      const item = this.#items.next()
      if (this.#broken !== undefined) throw this.#broken.error
      if (item !== END) return item
      if (!this.#left()) return PAUSE
      if (this.#head === undefined || this.#head === END) return END
      this.#open(this.#head)
      if (this.#slice.over()) return PAUSE
    }
  }

  close(): void {
    this.#first = undefined
    this.#head = END
    this.#items.close(this.#input)
  }

  #open(first: Row): void {
    this.#first = first
    const rows: IterableIterator<Row> = {
      next: () => this.#step(first),
      [Symbol.iterator]: () => rows,
    }
    this.#items.open(rows)
    if (this.#broken !== undefined) throw this.#broken.error
  }

  /** Leaves the rows of the key at hand that the function did not read. False: the input pauses, or the slice is over. */
  #left(): boolean {
    while (this.#head === undefined || this.#isOfKey(this.#first)) {
      const row = this.#input.next()
      if (row === PAUSE) return false
      this.#head = row
      if (this.#slice.over()) return false
    }
    this.#first = undefined
    return true
  }

  /** Whether the next row is of the key that began with this one. */
  #isOfKey(first: Row | undefined): boolean {
    return first !== undefined && this.#head !== undefined && this.#head !== END && this.#isSame(first, this.#head)
  }

  /** A step of the function through the rows of the key that began with `first`; they end when another key is at hand. */
  #step(first: Row): IteratorResult<Row> {
    if (this.#first !== first || !this.#isOfKey(first)) return { done: true, value: undefined }
    const value = this.#head as Row
    // A deadline may end this in the middle: then nothing says what the input gave.
    const { deadline } = this.#call
    if (deadline !== undefined) this.#broken = { error: deadline.error() }
    try {
      const next = this.#input.next()
      assert(next !== PAUSE, 'sorted rows do not pause')
      this.#head = next
      this.#broken = undefined
    } catch (error) {
      this.#broken = { error }
      throw error
    }
    return { done: false, value }
  }
}
