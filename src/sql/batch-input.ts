import { Batch } from '../columnar/batch.js'
import { BatchMaker } from '../columnar/batch-maker.js'
import type { Block } from '../columnar/block.js'
import type { Row, Schema } from '../columnar/schema.js'
import { type ColumnVector, NullVector } from '../columnar/vector.js'
import { type BlockCursor, type Cursor, END, isBatchCursor, isBlockCursor, isColumnsCursor, PAUSE } from '../flow/operators/cursor.js'

/** Rows of a batch that is made here. */
const BATCH_ROWS = 2048
const BATCH_BYTES = 1024 * 1024

/** Rows as batches: those in which they came where they are as they came, else made of them. */
export class BatchInput {
  readonly #rows: Cursor<Row>
  readonly #maker: BatchMaker
  /** Of the last block that had the columns of a batch: most have it in common. */
  #schema: Schema = []
  #hasEnded = false

  constructor(rows: Cursor<Row>, where: string) {
    this.#rows = rows
    this.#maker = new BatchMaker({ stage: where })
  }

  next(): Batch | typeof END | typeof PAUSE {
    if (isBatchCursor(this.#rows)) return this.#rows.nextBatch()
    if (isBlockCursor(this.#rows)) return this.#nextOfBlocks(this.#rows)
    for (;;) {
      const row = this.#rows.next()
      if (row === PAUSE) return PAUSE
      if (row === END) return this.#maker.rowCount === 0 ? this.#last() : this.#maker.take()
      this.#maker.append(row)
      if (this.#maker.rowCount >= BATCH_ROWS || this.#maker.byteSize >= BATCH_BYTES) return this.#maker.take()
    }
  }

  close(): void {
    this.#rows.close()
  }

  /** A batch without rows where no row told the columns, and they are known. */
  #last(): Batch | typeof END {
    const schema = isColumnsCursor(this.#rows) ? this.#rows.columns : undefined
    if (this.#hasEnded || schema === undefined) return END
    this.#hasEnded = true
    return new Batch({ schema, rowCount: 0, vectors: schema.map(({ type }) => new NullVector(type, 0)) })
  }

  #nextOfBlocks(blocks: BlockCursor): Batch | typeof END | typeof PAUSE {
    const block = blocks.nextBlock(BATCH_ROWS)
    return typeof block === 'symbol' ? block : (this.#asItIs(block) ?? this.#made(block))
  }

  #made(block: Block): Batch {
    this.#maker.appendBlock(block)
    return this.#maker.take()
  }

  /** Undefined where not all columns are those of a batch. */
  #asItIs(block: Block): Batch | undefined {
    const vectors: ColumnVector[] = []
    for (const [column] of block.names.entries()) {
      const vector = block.vector(column)
      if (vector === undefined) return undefined
      vectors.push(vector)
    }
    const isKnown =
      this.#schema.length === vectors.length &&
      this.#schema.every(({ name, type }, column) => name === block.names[column] && type === vectors[column].type)
    if (!isKnown) this.#schema = vectors.map(({ type }, column) => ({ name: block.names[column], type }))
    return new Batch({ schema: this.#schema, rowCount: block.rows, vectors })
  }
}
