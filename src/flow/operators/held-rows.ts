import type { Row } from '../../columnar/schema.js'
import type { Cursor, END, PAUSE } from './cursor.js'

/** Rows that were taken already, and then their input. */
export class HeldRows implements Cursor<Row> {
  #held: Row[]
  readonly #input: Cursor<Row>

  constructor(held: Row[], input: Cursor<Row>) {
    this.#held = held
    this.#input = input
  }

  next(): Row | typeof END | typeof PAUSE {
    return this.#held.pop() ?? this.#input.next()
  }

  close(): void {
    this.#held = []
    this.#input.close()
  }
}
