import { MillraceError } from '../base/errors.js'
import { RowTemplate } from './row-template.js'
import type { Row, Schema } from './schema.js'
import type { ColumnVector } from './vector.js'

export interface BatchParts {
  readonly schema: Schema
  readonly rowCount: number
  /** One per field, in the order of the schema. */
  readonly vectors: readonly ColumnVector[]
}

/** Some rows of one stage, as columns. Nothing in it changes; values are made when they are looked at. */
export class Batch {
  readonly schema: Schema
  readonly rowCount: number
  readonly vectors: readonly ColumnVector[]
  readonly #template: RowTemplate

  constructor({ schema, rowCount, vectors }: BatchParts) {
    this.schema = schema
    this.rowCount = rowCount
    this.vectors = vectors
    this.#template = RowTemplate.of(schema)
  }

  column(name: string): ColumnVector | undefined {
    return this.vectors[this.schema.findIndex((field) => field.name === name)]
  }

  /**
   * A fresh plain object with all columns as own properties, in the order of the schema (JavaScript puts integer-like names first).
   * A long string in it keeps the text of the whole batch alive: see `detach`.
   * @throws MillraceError `InvalidArgument` for an index out of range.
   */
  row(index: number): Row {
    if (!(index >= 0 && index < this.rowCount && Number.isInteger(index))) {
      throw new MillraceError('InvalidArgument', `row ${index} of a batch of ${this.rowCount} rows; rows are counted from 0`)
    }
    return this.#template.row(this.vectors, index)
  }

  rows(): Row[] {
    const rows = new Array<Row>(this.rowCount)
    for (let i = 0; i < rows.length; i++) rows[i] = this.#template.row(this.vectors, i)
    return rows
  }
}
