import type { Row } from '../../columnar/schema.js'
import type { PartWriter } from '../sinks/part-writer.js'
import { type Cursor, END, PAUSE } from './cursor.js'

/** Writes the rows that pass. */
export class TeeCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #writer: PartWriter
  #isOver = false

  constructor(input: Cursor<Row>, writer: PartWriter) {
    this.#input = input
    this.#writer = writer
  }

  next(): Row | typeof END | typeof PAUSE {
    if (this.#isOver) return END
    const row = this.#input.next()
    if (row === PAUSE) return PAUSE
    if (row !== END) {
      this.#writer.add(row)
      return row
    }
    this.#isOver = true
    this.#writer.end()
    return END
  }

  close(): void {
    this.#isOver = true
    this.#writer.close()
    this.#input.close()
  }
}
