import type { Row } from '../../columnar/schema.js'
import { type Cursor, closeUnwanted, END, type PAUSE } from './cursor.js'
import type { SplitEnds } from './split-ends.js'

/** Hands on what comes of the rows of one split before it begins with the next, and tells of each that is over. */
export class SplitCursor implements Cursor<Row> {
  readonly #rows: SplitEnds
  readonly #open: (rows: Cursor<Row>) => Cursor<Row>
  readonly #ended: (split: string) => void
  #functions: Cursor<Row>
  #isOver = false

  /** `open`: the functions over some rows; each split has its own. `ended`: all that came of a split has been handed on. */
  constructor(rows: SplitEnds, open: (rows: Cursor<Row>) => Cursor<Row>, ended: (split: string) => void) {
    this.#rows = rows
    this.#open = open
    this.#ended = ended
    this.#functions = this.#opened()
  }

  next(): Row | typeof END | typeof PAUSE {
    while (!this.#isOver) {
      const row = this.#functions.next()
      if (row !== END) return row
      if (this.#isOver) break
      const { splitId } = this.#rows
      if (splitId !== undefined) this.#ended(splitId)
      closeUnwanted(this.#functions)
      this.#isOver = !this.#rows.advance()
      if (!this.#isOver) this.#functions = this.#opened()
    }
    return END
  }

  close(): void {
    this.#isOver = true
    try {
      this.#functions.close()
    } finally {
      this.#rows.close()
    }
  }

  #opened(): Cursor<Row> {
    return this.#open({ next: () => this.#rows.next(), close: () => {} })
  }
}
