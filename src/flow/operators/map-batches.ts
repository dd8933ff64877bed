import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { Items } from './items.js'
import type { StageCall } from './stage-call.js'

/** Calls the function with so many rows at once, fewer with the last. */
export class MapBatchesCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #items: Items
  readonly #rows: number
  readonly #slice: Slice
  #batch: Row[] = []

  constructor(input: Cursor<Row>, call: StageCall, rows: number, slice: Slice) {
    this.#input = input
    this.#items = new Items(call)
    this.#rows = rows
    this.#slice = slice
  }

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      const item = this.#items.next()
      if (item !== END) return item
      const row = this.#input.next()
      if (row === PAUSE || (row === END && this.#batch.length === 0)) return row
      if (row !== END) this.#batch.push(row)
      if (row === END || this.#batch.length === this.#rows) this.#items.open(this.#taken())
      if (this.#slice.over()) return PAUSE
    }
  }

  close(): void {
    this.#batch = []
    this.#items.close(this.#input)
  }

  #taken(): Row[] {
    const batch = this.#batch
    this.#batch = []
    return batch
  }
}
