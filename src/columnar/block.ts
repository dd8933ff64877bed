import type { Batch } from './batch.js'
import { rowOfNulls } from './row-template.js'
import type { Row } from './schema.js'
import type { ColumnVector } from './vector.js'

/** The values of a column, one for each row: an array, or numbers and bigints without nulls as a typed array. */
export type Values = ArrayLike<unknown>

const NO_VECTORS: readonly undefined[] = []

/** Some rows as columns: for who takes many at once. The values of a column are made when it is first looked at. */
export class Block {
  readonly rows: number
  readonly names: readonly string[]
  readonly #read: (column: number) => Values
  readonly #values: (Values | undefined)[] = []
  readonly #vectors: readonly (ColumnVector | undefined)[]
  #nulls: Row | undefined

  /** `read` gives as many values as there are rows; `vectors` are the columns that are those of a batch, of the same rows. */
  constructor(
    rows: number,
    names: readonly string[],
    read: (column: number) => Values,
    vectors: readonly (ColumnVector | undefined)[] = NO_VECTORS,
  ) {
    this.rows = rows
    this.names = names
    this.#read = read
    this.#vectors = vectors
  }

  /** The rows of a batch from an index on, up to but not with another. */
  static ofBatch({ schema, vectors, rowCount }: Batch, from: number, to: number): Block {
    const names = schema.map(({ name }) => name)
    return new Block(to - from, names, (column) => vectors[column].values(from, to), to - from === rowCount ? vectors : NO_VECTORS)
  }

  /** Rows that are there one by one, each with the columns of any other. */
  static ofRows(rows: readonly Row[]): Block {
    const names = new Set<string>()
    for (const row of rows) for (const name of Object.keys(row)) names.add(name)
    const all = [...names]
    // What a row merely inherits is no column of it.
    const ownValue = (row: Row, name: string): unknown => (Object.hasOwn(row, name) ? (row[name] ?? null) : null)
    return new Block(rows.length, all, (column) => rows.map((row) => ownValue(row, all[column])))
  }

  values(column: number): Values {
    this.#values[column] ??= this.#read(column)
    return this.#values[column]
  }

  /** The column as it stands in a batch, where it does: to be copied without a value being made. */
  vector(column: number): ColumnVector | undefined {
    return this.#vectors[column]
  }

  /** The column of that name; undefined where there is none. */
  named(name: string): Values | undefined {
    const column = this.names.indexOf(name)
    return column < 0 ? undefined : this.values(column)
  }

  /** A fresh plain object, as `Batch.row`. */
  row(index: number): Row {
    this.#nulls ??= rowOfNulls(this.names)
    const row = { ...this.#nulls }
    for (let column = 0; column < this.names.length; column++) row[this.names[column]] = this.values(column)[index] ?? null
    return row
  }

  /** The rows from an index on, up to but not with another. */
  part(from: number, to: number): Block {
    if (from === 0 && to === this.rows) return this
    return new Block(to - from, this.names, (column) => partOf(this.values(column), from, to))
  }
}

function partOf(values: Values, from: number, to: number): Values {
  if (values instanceof Float64Array || values instanceof BigInt64Array) return values.subarray(from, to)
  return Array.prototype.slice.call(values, from, to)
}
