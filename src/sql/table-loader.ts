import type { DuckDBAppender, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import type { Batch } from '../columnar/batch.js'
import { type Schema, unify } from '../columnar/schema.js'
import type { Database } from './database.js'
import { quoted } from './identifier.js'
import { tableType, tableValue } from './table-types.js'

/** Rows that are appended before DuckDB takes them into the table: this holds up the thread. */
const FLUSH_ROWS = 16 * 1024

/** Puts batches into a table, which gets columns and types as they come. */
export class TableLoader {
  readonly #name: string
  readonly #where: string
  readonly #database: Database
  #schema: Schema = []
  /** The schema of the batch last seen, which most have in common. */
  #seen: Schema | undefined
  #types: readonly DuckDBType[] = []
  #values: readonly ((value: unknown) => DuckDBValue)[] = []
  #appender: DuckDBAppender | undefined
  #appended = 0

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
    this.#types = types
    this.#values = all.map(({ type }) => tableValue(type, engine))
    if (all.length > 0) this.#appender = await this.#database.appender(this.#name)
  }

  /** Adds a batch that fits. */
  add(batch: Batch): void {
    const size = this.#database.engine.DuckDBVector.standardSize()
    for (let from = 0; from < batch.rowCount; from += size) this.#append(batch, from, Math.min(batch.rowCount, from + size))
  }

  /** All that was added is in the table. */
  finish(): void {
    this.#appender?.closeSync()
    this.#appender = undefined
    this.#seen = undefined
    this.#appended = 0
  }

  #append(batch: Batch, from: number, to: number): void {
    const chunk = this.#database.engine.DuckDBDataChunk.create(this.#types, to - from)
    this.#schema.forEach(({ name, type }, index) => {
      const values = batch.column(name)?.slice(from, to) ?? new Array(to - from).fill(null)
      const isPlain = typeof type === 'string' && type !== 'timestamp' && type !== 'binary'
      chunk.setColumnValues(index, isPlain ? (values as DuckDBValue[]) : values.map(this.#values[index]))
    })
    this.#appender?.appendDataChunk(chunk)
    this.#appended += to - from
    if (this.#appended < FLUSH_ROWS) return
    this.#appender?.flushSync()
    this.#appended = 0
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
