import { MillraceError } from '../base/errors.js'
import type { Row, Schema } from './schema.js'
import { type ColumnVector, NullVector } from './vector.js'

export interface BatchParts {
  readonly schema: Schema
  readonly rowCount: number
  /** One per field, in the order of the schema. */
  readonly vectors: readonly ColumnVector[]
  /** `rowTemplate(schema)`, shared by the batches of a stream. */
  readonly template: Row
}

/** Some rows of one stage, as columns. Nothing in it changes; values are made when they are looked at. */
export class Batch {
  readonly schema: Schema
  readonly rowCount: number
  readonly vectors: readonly ColumnVector[]
  readonly #template: Row
  readonly #names: readonly string[]

  constructor({ schema, rowCount, vectors, template }: BatchParts) {
    this.schema = schema
    this.rowCount = rowCount
    this.vectors = vectors
    this.#template = template
    this.#names = schema.map((field) => field.name)
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
    return this.#make(index)
  }

  rows(): Row[] {
    const rows = new Array<Row>(this.rowCount)
    for (let i = 0; i < rows.length; i++) rows[i] = this.#make(i)
    return rows
  }

  /**
   * The same rows under a wider schema, as `unify` makes it: columns in its order, nulls where this batch has no such column.
   * @throws MillraceError `ColumnType` where the schema lacks a column of this batch or gives it another type.
   */
  as(schema: Schema): Batch {
    if (schema === this.schema) return this
    const known = new Map(this.schema.map((field, i) => [field.name, this.vectors[i] as ColumnVector]))
    const vectors = schema.map(({ name, type }) => {
      const vector = known.get(name)
      known.delete(name)
      if (vector && vector.type !== 'null' && vector.type !== type) throw misfit(name, `is ${vector.type}, not ${type}`)
      return vector && vector.type === type ? vector : new NullVector(type, this.rowCount)
    })
    for (const name of known.keys()) throw misfit(name, 'is missing there')
    return new Batch({ schema, rowCount: this.rowCount, vectors, template: rowTemplate(schema) })
  }

  #make(index: number): Row {
    // The copy of a template gives all rows one hidden class, and makes `__proto__` an own property that can be assigned.
    const row = { ...this.#template }
    const names = this.#names
    for (let i = 0; i < names.length; i++) row[names[i] as string] = (this.vectors[i] as ColumnVector).get(index)
    return row
  }
}

/** A row of nulls with the keys of a schema. */
export function rowTemplate(schema: Schema): Row {
  const row: Row = {}
  const attributes = { value: null, writable: true, enumerable: true, configurable: true }
  for (const { name } of schema) Object.defineProperty(row, name, attributes)
  return row
}

function misfit(name: string, what: string): MillraceError {
  return new MillraceError('ColumnType', `a batch under another schema: column ${JSON.stringify(name)} ${what}`)
}
