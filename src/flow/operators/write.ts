import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import type { Part, PartWriter } from '../sinks/part-writer.js'
import { type Cursor, END, PAUSE } from './cursor.js'

/** Writes all rows, then gives one for each file. */
export class WriteCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #writer: PartWriter
  readonly #slice: Slice
  #parts: readonly Part[] | undefined
  #at = 0

  constructor(input: Cursor<Row>, writer: PartWriter, slice: Slice) {
    this.#input = input
    this.#writer = writer
    this.#slice = slice
  }

  next(): Row | typeof END | typeof PAUSE {
    while (this.#parts === undefined) {
      const row = this.#input.next()
      if (row === PAUSE) return PAUSE
      if (row === END) {
        this.#parts = this.#writer.end()
      } else {
        this.#writer.add(row)
        if (this.#slice.over()) return PAUSE
      }
    }
    return this.#at < this.#parts.length ? { ...this.#parts[this.#at++] } : END
  }

  close(): void {
    this.#parts = []
    this.#writer.close()
    this.#input.close()
  }
}
