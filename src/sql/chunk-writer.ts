import type { DuckDBDataChunk, DuckDBType } from '@duckdb/node-api'
import type { Batch } from '../columnar/batch.js'
import type { ColumnType, Schema } from '../columnar/schema.js'
import type { Database } from './database.js'
import { BooleansColumn, DoublesColumn, PairsColumn, StringsColumn } from './laid-columns.js'
import { type StagedColumn, ValuesColumn } from './staged-column.js'
import { tableValue } from './table-types.js'

/** Text and bytes that are enough for a chunk, however few rows they are. */
const DATA_BYTES_MAX = 0x10_0000
/** Of a value, beside text and bytes. */
const VALUE_BYTES = 8

/** Rows of batches on their way into a table: so many as a chunk of DuckDB has go there together. */
export class ChunkWriter {
  readonly #schema: Schema
  readonly #types: readonly DuckDBType[]
  readonly #database: Database
  readonly #columns: readonly StagedColumn[]
  readonly #rowsMax: number
  #rows = 0

  constructor(schema: Schema, types: readonly DuckDBType[], database: Database) {
    this.#schema = schema
    this.#types = types
    this.#database = database
    this.#rowsMax = database.engine.DuckDBVector.standardSize()
    this.#columns = schema.map(({ type }) => stagedColumn(type, this.#rowsMax, database))
  }

  get rows(): number {
    return this.#rows
  }

  /** Of what was taken, nearly. */
  get byteSize(): number {
    return this.#rows * this.#columns.length * VALUE_BYTES + this.#dataBytes
  }

  get isFull(): boolean {
    return this.#rows === this.#rowsMax || this.#dataBytes >= DATA_BYTES_MAX
  }

  /** Takes rows of a batch, from one on, as many as there is room for. Returns the first that was not taken. */
  add(batch: Batch, from: number): number {
    const to = Math.min(batch.rowCount, from + this.#rowsMax - this.#rows)
    for (const [index, { name }] of this.#schema.entries()) this.#columns[index].put(batch.column(name), from, to, this.#rows)
    this.#rows += to - from
    return to
  }

  get #dataBytes(): number {
    let bytes = 0
    for (const column of this.#columns) bytes += column.dataBytes
    return bytes
  }

  take(): DuckDBDataChunk {
    const chunk = this.#database.engine.DuckDBDataChunk.create(this.#types, this.#rows)
    for (const [index, column] of this.#columns.entries()) column.flush(chunk, index, this.#rows)
    this.#rows = 0
    return chunk
  }
}

function stagedColumn(type: ColumnType, rowsMax: number, { engine, native }: Database): StagedColumn {
  switch (type) {
    case 'float64':
    case 'int32':
      return new DoublesColumn(native, rowsMax)
    case 'int64':
    case 'timestamp':
      return new PairsColumn(native, rowsMax, type === 'timestamp')
    case 'boolean':
      return new BooleansColumn(native, rowsMax)
    case 'utf8':
    case 'binary':
      return new StringsColumn(native, rowsMax)
    default:
      return new ValuesColumn(tableValue(type, engine))
  }
}
