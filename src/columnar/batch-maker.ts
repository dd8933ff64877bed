import type { Batch } from './batch.js'
import { BatchBuilder } from './builder.js'
import { BatchDecoder } from './decode.js'
import { BatchEncoder } from './encode.js'
import type { Row, Schema } from './schema.js'
import { Shape } from './shape.js'

/** Makes batches of rows, as the stages of a flow do. */
export class BatchMaker {
  readonly #builder: BatchBuilder
  readonly #encoder = new BatchEncoder()
  readonly #decoder = new BatchDecoder()

  /** `stage` is for messages; `schema`: columns that are known beforehand. */
  constructor(stage: string, schema: Schema = []) {
    this.#builder = new BatchBuilder(new Shape({ stage, schema }))
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

  /** What was added since the last time. */
  take(): Batch {
    return this.#decoder.decode(this.#encoder.encode(this.#builder))
  }
}
