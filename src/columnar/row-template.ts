import type { Row, Schema } from './schema.js'
import type { ColumnVector } from './vector.js'

const TEMPLATES = new WeakMap<Schema, RowTemplate>()

/** Makes plain objects with the columns of a schema as own properties, in its order. */
export class RowTemplate {
  readonly #names: readonly string[]
  readonly #nulls: Row = {}

  private constructor(schema: Schema) {
    this.#names = schema.map(({ name }) => name)
    const attributes = { value: null, writable: true, enumerable: true, configurable: true }
    for (const name of this.#names) Object.defineProperty(this.#nulls, name, attributes)
  }

  /** The one of a schema, shared by all batches that have that very schema. */
  static of(schema: Schema): RowTemplate {
    const known = TEMPLATES.get(schema)
    if (known !== undefined) return known
    const template = new RowTemplate(schema)
    TEMPLATES.set(schema, template)
    return template
  }

  /** A fresh object of the values at `index`; a vector for each column. */
  row(vectors: readonly ColumnVector[], index: number): Row {
    // The copy gives all rows one hidden class, and makes `__proto__` an own property that can be assigned.
    const row = { ...this.#nulls }
    const names = this.#names
    for (let i = 0; i < names.length; i++) row[names[i] as string] = (vectors[i] as ColumnVector).get(index)
    return row
  }
}
