import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, type PAUSE } from './cursor.js'
import type { SkippedRows } from './skipped-rows.js'

/** Ends what is written of failing rows with the rows themselves, also where no more of them are wanted. */
export class SkippingCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #skips: SkippedRows

  constructor(input: Cursor<Row>, skips: SkippedRows) {
    this.#input = input
    this.#skips = skips
  }

  next(): Row | typeof END | typeof PAUSE {
    const row = this.#input.next()
    if (row === END) this.#skips.end()
    return row
  }

  close(): void {
    try {
      this.#input.close()
    } finally {
      this.#skips.end()
    }
  }
}
