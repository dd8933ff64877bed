import { MillraceError } from '../base/errors.js'
import type { ColumnBuilder } from './column-builder.js'
import { describe } from './describe.js'
import { FieldsBuilder } from './fields-builder.js'
import { DESCRIPTOR_BYTES, HEADER_BYTES, ROWS_MAX } from './layout.js'
import { recordOf } from './record.js'
import type { Row } from './schema.js'
import type { Shape } from './shape.js'

/** Charged per row at least, so that rows of nulls or without keys fill a batch too. */
const ROW_BYTES_MIN = 1

/** Rows on their way to one receiver, as columns. `BatchEncoder.encode` takes what was built and leaves the builder empty. */
export class BatchBuilder {
  readonly shape: Shape
  readonly #fields: FieldsBuilder
  #rowCount = 0
  #rowBytes = 0
  #dataBytes = 0

  constructor(shape: Shape) {
    this.shape = shape
    this.#fields = new FieldsBuilder(shape.root, (rowBytes) => (this.#rowBytes += rowBytes))
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /**
   * The size of the message so far, without names: cheap enough to look at after each row, right within a few percent,
   * too large only where a column that has a type holds nothing but nulls in this batch.
   */
  get byteSize(): number {
    const head = HEADER_BYTES + DESCRIPTOR_BYTES * this.shape.columnCount
    return head + Math.ceil(this.#rowCount * Math.max(this.#rowBytes, ROW_BYTES_MIN)) + this.#dataBytes
  }

  /**
   * Adds a row: its own enumerable string keys. The row is not kept. A row that throws is not added, and the builder goes on
   * (columns and types that the row brought before it threw stay with the stage).
   * @throws MillraceError `ColumnType`, `TooManyColumns`, and `MessageTooLarge` beyond 1,048,576 rows, elements of a list column, or 256 MiB of text or
   * bytes in a column.
   */
  append(row: Row): void {
    const { shape } = this
    shape.countRow()
    const own = recordOf(row) ?? this.#refuse(row)
    if (this.#rowCount === ROWS_MAX)
      throw new MillraceError('MessageTooLarge', `stage ${JSON.stringify(shape.stage)}: a batch of ${ROWS_MAX} rows is full`)
    try {
      this.#dataBytes += this.#fields.set(this.#rowCount, own)
      this.#rowCount++
    } catch (error) {
      this.#fields.rewind(this.#rowCount)
      throw error
    }
  }

  /** All columns of the stage so far, for the encoder. */
  columns(): readonly ColumnBuilder[] {
    return this.#fields.columns()
  }

  /** Begins the next batch; keeps columns and buffers. */
  reset(): void {
    this.#fields.reset()
    this.#rowCount = 0
    this.#dataBytes = 0
  }

  #refuse(row: unknown): never {
    const { stage, rowsSeen } = this.shape
    throw new MillraceError(
      'ColumnType',
      `stage ${JSON.stringify(stage)}, row ${rowsSeen}: a row must be a plain object, not ${describe(row)}; yield something like { value }`,
    )
  }
}
