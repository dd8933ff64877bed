import type { Row } from '../../columnar/schema.js'
import type { SourceLocation } from '../ctx.js'
import { type SplitFile, splitIdOf } from '../sources/split.js'
import { type Cursor, END, PAUSE } from './cursor.js'

/** Rows that say where they come from: a source. */
export interface LocatedRows extends Cursor<Row> {
  readonly current: SourceLocation | undefined
  /** The same object for all rows of a split. */
  readonly range: SplitFile | undefined
  readonly splitId: string | undefined
}

/** The rows of a source, split by split: each ends by itself. */
export class SplitEnds implements Cursor<Row> {
  readonly #source: LocatedRows
  /** Of the split at hand. */
  #range: SplitFile | undefined
  /** The first row of the next split, at the end of the one before, and where the row before it came from. */
  #ahead: { readonly row: Row; readonly before: SourceLocation | undefined } | undefined
  /** The first row of the split at hand, if it was read already. */
  #first: Row | undefined
  #isOver = false

  constructor(source: LocatedRows) {
    this.#source = source
  }

  get current(): SourceLocation | undefined {
    return this.#ahead === undefined ? this.#source.current : this.#ahead.before
  }

  get splitId(): string | undefined {
    return this.#range && splitIdOf(this.#range)
  }

  /** END at the end of each split, until `advance`. */
  next(): Row | typeof END | typeof PAUSE {
    const first = this.#first
    if (first !== undefined) {
      this.#first = undefined
      return first
    }
    if (this.#ahead !== undefined || this.#isOver) return END
    const before = this.#range && this.#source.current
    const row = this.#source.next()
    if (row === PAUSE) return PAUSE
    if (row === END) {
      this.#isOver = true
      return END
    }
    const { range } = this.#source
    if (this.#range !== undefined && range !== this.#range) {
      this.#ahead = { row, before }
      return END
    }
    this.#range = range
    return row
  }

  /** Goes on to the next split; false: there is none. */
  advance(): boolean {
    if (this.#ahead === undefined) return !this.#isOver
    this.#first = this.#ahead.row
    this.#range = this.#source.range
    this.#ahead = undefined
    return true
  }

  close(): void {
    this.#isOver = true
    this.#ahead = this.#first = undefined
    this.#source.close()
  }
}
