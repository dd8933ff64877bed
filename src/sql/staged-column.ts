import type { DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api'
import { type ColumnVector, Vector } from '../columnar/vector.js'
import type { Native, NativeVector } from './native.js'

/** One column of the rows that are to be the next chunk of a table. */
export interface StagedColumn {
  /** Bytes of what varies in size. */
  readonly dataBytes: number
  /** Takes rows of a column of a batch, from one on up to but not with another, as those from `at` on. Without a column they are null. */
  put(vector: ColumnVector | undefined, from: number, to: number, at: number): void
  /** Gives them to the chunk, which has so many, and begins anew. */
  flush(chunk: DuckDBDataChunk, index: number, rows: number): void
}

/** A column whose values are bytes: they are laid out as DuckDB has them, and copied there by one call. */
export abstract class LaidColumn implements StagedColumn {
  protected readonly native: Native
  readonly #validity: Uint8Array<ArrayBuffer>
  #hasNulls = false

  /** `rowsMax`: those of a chunk. */
  constructor(native: Native, rowsMax: number) {
    this.native = native
    this.#validity = new Uint8Array(rowsMax / 8).fill(0xff)
  }

  get dataBytes(): number {
    return 0
  }

  put(vector: ColumnVector | undefined, from: number, to: number, at: number): void {
    if (!(vector instanceof Vector)) {
      for (let row = at; row < at + to - from; row++) this.#setNull(row)
      return
    }
    this.lay(vector, from, to, at)
    if (vector.nullCount === 0) return
    for (let i = from; i < to; i++) if (vector.isNull(i)) this.#setNull(at + i - from)
  }

  flush({ chunk }: DuckDBDataChunk, index: number, rows: number): void {
    const vector = this.native.data_chunk_get_vector(chunk, index)
    this.write(vector, rows)
    if (!this.#hasNulls) return
    this.native.vector_ensure_validity_writable(vector)
    this.native.copy_data_to_vector_validity(vector, 0, this.#validity.buffer, 0, 8 * Math.ceil(rows / 64))
    this.#validity.fill(0xff)
    this.#hasNulls = false
  }

  /** Takes the values; what stands under a null is not looked at. */
  protected abstract lay(vector: Vector, from: number, to: number, at: number): void
  protected abstract write(vector: NativeVector, rows: number): void
  /** There is no value in this row. */
  protected empty(_row: number): void {}

  #setNull(row: number): void {
    this.#hasNulls = true
    this.#validity[row >> 3] &= ~(1 << (row & 7))
    this.empty(row)
  }
}

/** A column of lists or objects: DuckDB's package takes them value by value. */
export class ValuesColumn implements StagedColumn {
  readonly dataBytes = 0
  readonly #convert: (value: unknown) => DuckDBValue
  #values: DuckDBValue[] = []

  constructor(convert: (value: unknown) => DuckDBValue) {
    this.#convert = convert
  }

  put(vector: ColumnVector | undefined, from: number, to: number): void {
    for (let i = from; i < to; i++) this.#values.push(vector === undefined ? null : this.#convert(vector.get(i)))
  }

  flush(chunk: DuckDBDataChunk, index: number): void {
    chunk.setColumnValues(index, this.#values)
    this.#values = []
  }
}
