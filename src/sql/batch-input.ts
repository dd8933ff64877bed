import type { Batch } from '../columnar/batch.js'
import { BatchMaker } from '../columnar/batch-maker.js'
import type { Row } from '../columnar/schema.js'
import { type Cursor, END, isBatchCursor, PAUSE } from '../flow/operators/cursor.js'

/** Rows of a batch that is made here. */
const BATCH_ROWS = 2048
const BATCH_BYTES = 1024 * 1024

/** Rows as batches: those in which they came where they are as they came, else made of them. */
export class BatchInput {
  readonly #rows: Cursor<Row>
  readonly #maker: BatchMaker

  constructor(rows: Cursor<Row>, where: string) {
    this.#rows = rows
    this.#maker = new BatchMaker({ stage: where })
  }

  next(): Batch | typeof END | typeof PAUSE {
    if (isBatchCursor(this.#rows)) return this.#rows.nextBatch()
    for (;;) {
      const row = this.#rows.next()
      if (row === PAUSE) return PAUSE
      if (row === END) return this.#maker.rowCount === 0 ? END : this.#maker.take()
      this.#maker.append(row)
      if (this.#maker.rowCount >= BATCH_ROWS || this.#maker.byteSize >= BATCH_BYTES) return this.#maker.take()
    }
  }

  close(): void {
    this.#rows.close()
  }
}
