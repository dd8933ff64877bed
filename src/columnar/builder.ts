import { MillraceError } from '../base/errors.js'
import { ColumnBuilder } from './column-builder.js'
import { describe } from './describe.js'
import { DESCRIPTOR_BYTES, HEADER_BYTES, ROWS_MAX } from './layout.js'
import type { Row } from './schema.js'
import type { Shape } from './shape.js'

/** Charged per row at least, so that rows of nulls or without keys fill a batch too. */
const ROW_BYTES_MIN = 1

/** Rows on their way to one receiver, as columns. `BatchEncoder.encode` takes what was built and leaves the builder empty. */
export class BatchBuilder {
  readonly shape: Shape
  readonly #columns: ColumnBuilder[] = []
  #rowCount = 0
  #rowBytes = 0
  #textBytes = 0

  readonly #onType = (rowBytes: number): void => {
    this.#rowBytes += rowBytes
  }

  constructor(shape: Shape) {
    this.shape = shape
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /**
   * The size of the message so far, without names: cheap enough to look at after each row, right within a few percent,
   * too large only where a column that has a type holds nothing but nulls in this batch.
   */
  get byteSize(): number {
    const head = HEADER_BYTES + DESCRIPTOR_BYTES * this.#columns.length
    return head + Math.ceil(this.#rowCount * Math.max(this.#rowBytes, ROW_BYTES_MIN)) + this.#textBytes
  }

  /**
   * Adds a row: its own enumerable string keys. The row is not kept. A row that throws is not added, and the builder goes on
   * (columns and types that the row brought before it threw stay with the stage).
   * @throws MillraceError `ColumnType`, `TooManyColumns`, and `MessageTooLarge` beyond 1,048,576 rows or 256 MiB of text.
   */
  append(row: Row): void {
    const { shape } = this
    shape.countRow()
    const own = isPlain(row) ? row : this.#plain(row)
    if (this.#rowCount === ROWS_MAX)
      throw new MillraceError('MessageTooLarge', `stage ${JSON.stringify(shape.stage)}: a batch of ${ROWS_MAX} rows is full`)
    try {
      this.#textBytes += this.#write(own)
      this.#rowCount++
    } catch (error) {
      for (const column of this.#columns) column.rewind(this.#rowCount)
      throw error
    }
  }

  /** All columns of the stage so far, for the encoder. */
  columns(): readonly ColumnBuilder[] {
    const { columnCount } = this.shape
    while (this.#columns.length < columnCount) this.#columns.push(new ColumnBuilder(this.shape, this.#columns.length, this.#onType))
    return this.#columns
  }

  /** Begins the next batch; keeps columns and buffers. */
  reset(): void {
    for (const column of this.#columns) column.reset()
    this.#rowCount = 0
    this.#textBytes = 0
  }

  /** Returns the bytes of text. */
  #write(row: Row): number {
    const index = this.#rowCount
    let textBytes = 0
    let next = 0
    for (const key in row) {
      let column = this.#columns[next]
      if (column === undefined || column.name !== key) {
        // Not where the last rows had it. What was only inherited never becomes a column.
        if (!Object.hasOwn(row, key)) continue
        column = this.#columnOf(key)
        next = column.index
      }
      textBytes += column.set(index, row[key])
      next++
    }
    return textBytes
  }

  #columnOf(name: string): ColumnBuilder {
    const index = this.shape.indexOf(name)
    return (this.#columns[index] ?? this.columns()[index]) as ColumnBuilder
  }

  #plain(row: unknown): Row {
    const isRow = typeof row === 'object' && row !== null && !Array.isArray(row) && !ArrayBuffer.isView(row) && !isBuiltIn(row)
    if (isRow) return { ...row }
    const { stage, rowsSeen } = this.shape
    throw new MillraceError(
      'ColumnType',
      `stage ${JSON.stringify(stage)}, row ${rowsSeen}: a row must be a plain object, not ${describe(row)}; yield something like { value }`,
    )
  }
}

function isPlain(row: unknown): row is Row {
  if (typeof row !== 'object' || row === null) return false
  const prototype = Object.getPrototypeOf(row) as unknown
  return prototype === Object.prototype || prototype === null
}

/** Date, Map, Set, Promise, ArrayBuffer and so on: their content is not in their keys. Class instances are rows. */
function isBuiltIn(row: object): boolean {
  return Object.prototype.toString.call(row) !== '[object Object]'
}
