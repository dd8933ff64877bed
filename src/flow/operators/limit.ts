import type { Row } from '../../columnar/schema.js'
import { type Cursor, closeUnwanted, END, type PAUSE } from './cursor.js'

/** Closes its input with the last row that it hands out, not one later. */
export class LimitCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  #left: number

  constructor(input: Cursor<Row>, rows: number) {
    this.#input = input
    this.#left = rows
  }

  next(): Row | typeof END | typeof PAUSE {
    if (this.#left === 0) {
      closeUnwanted(this.#input)
      return END
    }
    const row = this.#input.next()
    if (typeof row !== 'symbol' && --this.#left === 0) closeUnwanted(this.#input)
    return row
  }

  close(): void {
    this.#left = 0
    this.#input.close()
  }
}
