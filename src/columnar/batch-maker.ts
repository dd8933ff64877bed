import type { Batch } from './batch.js'
import type { Block } from './block.js'
import { BatchBuilder } from './builder.js'
import { BatchDecoder } from './decode.js'
import { BatchEncoder } from './encode.js'
import type { Row } from './schema.js'
import { Shape, type ShapeOptions } from './shape.js'

/** Makes batches of rows, as the stages of a flow do. */
export class BatchMaker {
  readonly #builder: BatchBuilder
  readonly #encoder = new BatchEncoder()
  readonly #decoder = new BatchDecoder()

  constructor(options: ShapeOptions) {
    this.#builder = new BatchBuilder(new Shape(options))
  }

  get rowCount(): number {
    return this.#builder.rowCount
  }

  get byteSize(): number {
    return this.#builder.byteSize
  }

  /** The row is not kept. Throws as `BatchBuilder.append`. */
  append(row: Row): void {
    this.#builder.append(row)
  }

  /** All rows of a block, as `BatchBuilder.appendMany`. */
  appendBlock(block: Block): void {
    this.#builder.appendMany(
      block,
      Int32Array.from({ length: block.rows }, (_none, index) => index),
      block.rows,
    )
  }

  /** Columns that have a type keep it from now on, also int32. */
  fix(): void {
    this.#builder.shape.fix()
  }

  /** What was added since the last time. */
  take(): Batch {
    return this.#decoder.decode(this.#encoder.encode(this.#builder))
  }
}
