import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { checkRow, leaveOut, type StageCall } from './stage-call.js'

export class MapCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #call: StageCall
  readonly #slice: Slice
  readonly #fn: (row: Row, ctx: unknown) => unknown

  constructor(input: Cursor<Row>, call: StageCall, slice: Slice) {
    this.#input = input
    this.#call = call
    this.#slice = slice
    this.#fn = call.fn as (row: Row, ctx: unknown) => unknown
  }

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      const row = this.#input.next()
      if (row === PAUSE || row === END) return row
      const fn = this.#fn
      let out: unknown
      try {
        out = fn(row, this.#call.ctx)
      } catch (error) {
        leaveOut(this.#call, error, row)
        if (this.#slice.over()) return PAUSE
        continue
      }
      checkRow(this.#call, out)
      return out as Row
    }
  }

  close(): void {
    this.#input.close()
  }
}
