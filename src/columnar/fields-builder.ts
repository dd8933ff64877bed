import { MillraceError } from '../base/errors.js'
import type { Block } from './block.js'
import { ColumnBuilder, type InsideBuilder } from './column-builder.js'
import type { ColumnShape, FieldsShape } from './column-shape.js'
import { ROWS_MAX } from './layout.js'
import type { Row } from './schema.js'

/** Charged per element at least, so that lists of nulls fill a batch too. */
const ELEMENT_BYTES_MIN = 1

/** Columns of a batch side by side: those of the rows, or of the objects in one of them. */
export class FieldsBuilder implements InsideBuilder<Row> {
  readonly #shape: FieldsShape
  readonly #onType: (rowBytes: number) => void
  readonly #columns: ColumnBuilder[] = []

  constructor(shape: FieldsShape, onType: (rowBytes: number) => void) {
    this.#shape = shape
    this.#onType = onType
  }

  /** All of them that the stage has so far. */
  columns(): readonly ColumnBuilder[] {
    const { columns } = this.#shape
    while (this.#columns.length < columns.length) {
      const shape = columns[this.#columns.length] as ColumnShape
      this.#columns.push(new ColumnBuilder(shape, this.#onType, builderInside))
    }
    return this.#columns
  }

  /** Puts in the values of an object's own keys. Returns their bytes of text. */
  set(row: number, values: Row): number {
    let textBytes = 0
    let next = 0
    for (const key in values) {
      let column = this.#columns[next]
      if (column === undefined || column.name !== key) {
        // Not where the last rows had it. What was only inherited never becomes a column.
        if (!Object.hasOwn(values, key)) continue
        next = this.#indexOf(key)
        column = this.#columns[next] as ColumnBuilder
      }
      textBytes += column.set(row, values[key])
      next++
    }
    return textBytes
  }

  /** Puts in the rows of a block at the first `count` of the indexes, from `row` on. Returns their bytes of text. */
  setMany(row: number, block: Block, indexes: Int32Array, count: number): number {
    let textBytes = 0
    for (const [index, name] of block.names.entries()) {
      const known = this.#columns[index]
      const column = known?.name === name ? known : this.#columns[this.#indexOf(name)]
      const vector = block.vector(index)
      textBytes += column.takes(vector)
        ? column.setVector(row, vector, indexes, count)
        : column.setMany(row, block.values(index), indexes, count)
    }
    return textBytes
  }

  rewind(row: number): void {
    for (const column of this.#columns) column.rewind(row)
  }

  reset(): void {
    for (const column of this.#columns) column.reset()
  }

  #indexOf(name: string): number {
    const index = this.#shape.indexOf(name)
    if (index >= this.#columns.length) this.columns()
    return index
  }
}

/** The elements of a list column, those of all its rows in one column. */
class ElementsBuilder implements InsideBuilder<readonly unknown[]> {
  readonly #column: ColumnBuilder
  #elementBytes = 0

  constructor(shape: ColumnShape) {
    this.#column = new ColumnBuilder(shape, (bytes) => (this.#elementBytes += bytes), builderInside)
  }

  columns(): readonly ColumnBuilder[] {
    return [this.#column]
  }

  /** Puts in the elements of a list, the first at `start`. Returns what they take. */
  set(start: number, list: readonly unknown[]): number {
    const { length } = list
    if (start + length > ROWS_MAX) {
      throw new MillraceError(
        'MessageTooLarge',
        `${this.#column.place} has more than ${ROWS_MAX} elements in one batch; split the value, or make it bytes`,
      )
    }
    let textBytes = 0
    for (let i = 0; i < length; i++) textBytes += this.#column.set(start + i, list[i])
    return textBytes + Math.ceil(length * Math.max(this.#elementBytes, ELEMENT_BYTES_MIN))
  }

  rewind(length: number): void {
    this.#column.rewind(length)
  }

  reset(): void {
    this.#column.reset()
  }
}

/** What a column of lists or objects has inside. */
function builderInside(shape: ColumnShape, onType: (rowBytes: number) => void): FieldsBuilder | ElementsBuilder {
  return shape.kind === 'list' ? new ElementsBuilder(shape.inside.columns[0] as ColumnShape) : new FieldsBuilder(shape.inside, onType)
}
