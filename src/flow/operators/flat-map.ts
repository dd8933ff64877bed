import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { callError, checkRow, isPromiseLike, resultError, type StageCall } from './stage-call.js'

/** Pulls what the function gives one item at a time: a generator is never run ahead and may be endless. */
export class FlatMapCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #call: StageCall
  readonly #fn: (row: Row, ctx: unknown) => unknown
  readonly #slice: Slice
  #items: readonly unknown[] | undefined
  #at = 0
  #iterator: Iterator<unknown> | undefined

  constructor(input: Cursor<Row>, call: StageCall, slice: Slice) {
    this.#input = input
    this.#call = call
    this.#fn = call.fn as (row: Row, ctx: unknown) => unknown
    this.#slice = slice
  }

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      const item = this.#item()
      if (item !== END) return item
      const row = this.#input.next()
      if (row === PAUSE || row === END) return row
      this.#open(row)
      if (this.#slice.over()) return PAUSE
    }
  }

  /** Lets the live generator run its `finally` blocks, then closes the input, whatever they throw. */
  close(): void {
    const iterator = this.#iterator
    this.#iterator = this.#items = undefined
    try {
      iterator?.return?.()
    } catch (error) {
      throw callError(this.#call, error)
    } finally {
      this.#input.close()
    }
  }

  /** The next item of the row at hand, END if there is none. */
  #item(): Row | typeof END {
    if (this.#items !== undefined) {
      if (this.#at < this.#items.length) return this.#checked(this.#items[this.#at++])
      this.#items = undefined
    } else if (this.#iterator !== undefined) {
      const step = this.#pull(this.#iterator)
      if (!step.done) return this.#checked(step.value)
      this.#iterator = undefined
    }
    return END
  }

  #checked(item: unknown): Row {
    checkRow(this.#call, item)
    return item as Row
  }

  #pull(iterator: Iterator<unknown>): IteratorResult<unknown> {
    try {
      return iterator.next()
    } catch (error) {
      this.#iterator = undefined
      throw callError(this.#call, error)
    }
  }

  #open(row: Row): void {
    const fn = this.#fn
    let out: unknown
    try {
      out = fn(row, this.#call.ctx)
      if (Array.isArray(out)) {
        this.#items = out
        this.#at = 0
        return
      }
      const iterable = out as Iterable<unknown> | null | undefined
      if (typeof out === 'object' && typeof iterable?.[Symbol.iterator] === 'function') {
        this.#iterator = iterable[Symbol.iterator]()
        return
      }
    } catch (error) {
      throw callError(this.#call, error)
    }
    if (isPromiseLike(out)) checkRow(this.#call, out)
    throw resultError(this.#call, out, 'an array, a generator or another iterable of rows')
  }
}
