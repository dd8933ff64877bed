import { MillraceError } from '../base/errors.js'
import type { Block } from './block.js'
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
    shape.countRows(1)
    const own = recordOf(row) ?? this.#refuse(row)
    this.#refuseBeyond(1)
    try {
      this.#dataBytes += this.#fields.set(this.#rowCount, own)
      this.#rowCount++
    } catch (error) {
      this.#fields.rewind(this.#rowCount)
      throw error
    }
  }

  /** Adds the rows of a block at the first `count` of the indexes, as `append` does one after the other; so much the faster. */
  appendMany(block: Block, indexes: Int32Array, count: number): void {
    if (count === 0) return
    this.#refuseBeyond(count)
    try {
      this.#dataBytes += this.#fields.setMany(this.#rowCount, block, indexes, count)
      this.#rowCount += count
      this.shape.countRows(count)
    } catch {
      // Which row it is that has no place here is said row by row.
      this.#fields.rewind(this.#rowCount)
      for (let i = 0; i < count; i++) this.append(block.row(indexes[i]))
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

  #refuseBeyond(rows: number): void {
    if (this.#rowCount + rows <= ROWS_MAX) return
    throw new MillraceError('MessageTooLarge', `stage ${JSON.stringify(this.shape.stage)}: a batch of ${ROWS_MAX} rows is full`)
  }

  #refuse(row: unknown): never {
    const { stage, rowsSeen } = this.shape
    throw new MillraceError(
      'ColumnType',
      `stage ${JSON.stringify(stage)}, row ${rowsSeen}: a row must be a plain object, not ${describe(row)}; yield something like { value }`,
    )
  }
}
