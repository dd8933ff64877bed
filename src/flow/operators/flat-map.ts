import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { Items } from './items.js'
import type { StageCall } from './stage-call.js'

export class FlatMapCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #items: Items
  readonly #slice: Slice

  constructor(input: Cursor<Row>, call: StageCall, slice: Slice) {
    this.#input = input
    this.#items = new Items(call)
    this.#slice = slice
  }

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      const item = this.#items.next()
      if (item !== END) return item
      const row = this.#input.next()
      if (row === PAUSE || row === END) return row
      this.#items.open(row)
      if (this.#slice.over()) return PAUSE
    }
  }

  close(): void {
    this.#items.close(this.#input)
  }
}
