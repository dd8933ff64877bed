import type { DuckDBAppender, DuckDBType } from '@duckdb/node-api'
import type { Batch } from '../columnar/batch.js'
import { type Schema, unify } from '../columnar/schema.js'
import { ChunkWriter } from './chunk-writer.js'
import type { Database } from './database.js'
import { quoted } from './identifier.js'
import { tableType } from './table-types.js'

/** Rows of a row group: so many go into a table as they are, fewer are copied once more, which takes twice as long. */
const FLUSH_ROWS = 122_880
/** Less is enough where rows are wide: until DuckDB has taken them the thread is held up, some 20 ms for so many bytes. */
const FLUSH_BYTES = 10 * 1024 * 1024

/** Puts batches into a table, which gets columns and types as they come. */
export class TableLoader {
  readonly #name: string
  readonly #where: string
  readonly #database: Database
  #schema: Schema = []
  /** The schema of the batch last seen, which most have in common. */
  #seen: Schema | undefined
  #writer: ChunkWriter | undefined
  #appender: DuckDBAppender | undefined
  /** Since DuckDB took them last. */
  #appendedRows = 0
  #appendedBytes = 0

  constructor(name: string, where: string, database: Database) {
    this.#name = name
    this.#where = `${where}, table ${name}`
    this.#database = database
  }

  get hasColumns(): boolean {
    return this.#schema.length > 0
  }

  /** Whether a batch of these columns can be added as the table is. */
  fits(schema: Schema): boolean {
    if (schema === this.#seen) return true
    const all = unify(this.#schema, schema, this.#where)
    if (all !== this.#schema || this.#appender === undefined) return false
    this.#seen = schema
    return true
  }

  /** Gives the table these columns too. @throws MillraceError `ColumnType`, `SqlColumn` */
  async widen(schema: Schema): Promise<void> {
    this.finish()
    const { engine } = this.#database
    const all = unify(this.#schema, schema, this.#where)
    const types = all.map((field) => tableType(field, engine, this.#where))
    for (const change of this.#changes(all, types)) await this.#database.run(change)
    this.#schema = all
    if (all.length === 0) return
    this.#writer = new ChunkWriter(all, types, this.#database)
    this.#appender = await this.#database.appender(this.#name)
  }

  /** Adds a batch that fits. */
  add(batch: Batch): void {
    const writer = this.#writer as ChunkWriter
    for (let from = 0; from < batch.rowCount; ) {
      from = writer.add(batch, from)
      if (writer.isFull) this.#append(writer)
    }
  }

  /** All that was added is in the table. */
  finish(): void {
    if (this.#writer !== undefined && this.#writer.rows > 0) this.#append(this.#writer)
    this.#writer = undefined
    this.#appender?.closeSync()
    this.#appender = undefined
    this.#seen = undefined
    this.#appendedRows = 0
    this.#appendedBytes = 0
  }

  #append(writer: ChunkWriter): void {
    this.#appendedRows += writer.rows
    this.#appendedBytes += writer.byteSize
    this.#appender?.appendDataChunk(writer.take())
    if (this.#appendedRows < FLUSH_ROWS && this.#appendedBytes < FLUSH_BYTES) return
    this.#appender?.flushSync()
    this.#appendedRows = 0
    this.#appendedBytes = 0
  }

  #changes(all: Schema, types: readonly DuckDBType[]): string[] {
    const table = quoted(this.#name)
    const columns = all.map(({ name }, index) => `${quoted(name)} ${types[index]}`)
    if (this.#schema.length === 0) return columns.length === 0 ? [] : [`CREATE TEMP TABLE ${table} (${columns.join(', ')})`]
    return all.flatMap(({ name, type }, index) => {
      const old = this.#schema[index]?.type
      if (old === undefined) return [`ALTER TABLE ${table} ADD COLUMN ${columns[index]}`]
      if (old === type) return []
      const using = old === 'null' ? ` USING NULL::${types[index]}` : ''
      return [`ALTER TABLE ${table} ALTER COLUMN ${quoted(name)} SET DATA TYPE ${types[index]}${using}`]
    })
  }
}
