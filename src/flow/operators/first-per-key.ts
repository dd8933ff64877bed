import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'

/** Of rows that are sorted by key, the first ones of each. */
export class FirstPerKeyCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #isSame: (a: Row, b: Row) => boolean
  readonly #rows: number
  readonly #slice: Slice
  #last: Row | undefined
  #given = 0

  constructor(input: Cursor<Row>, isSame: (a: Row, b: Row) => boolean, rows: number, slice: Slice) {
    this.#input = input
    this.#isSame = isSame
    this.#rows = rows
    this.#slice = slice
  }

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      const row = this.#input.next()
      if (row === PAUSE || row === END) return row
      if (this.#last === undefined || !this.#isSame(this.#last, row)) this.#given = 0
      this.#last = row
      if (this.#given++ < this.#rows) return row
      if (this.#slice.over()) return PAUSE
    }
  }

  close(): void {
    this.#last = undefined
    this.#input.close()
  }
}
