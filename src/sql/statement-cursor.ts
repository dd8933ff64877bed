import type { DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api'
import { MillraceError } from '../base/errors.js'
import type { Batch } from '../columnar/batch.js'
import type { Row, Schema } from '../columnar/schema.js'
import type { Waiter } from '../flow/operators/call-waits.js'
import { type Cursor, END, PAUSE } from '../flow/operators/cursor.js'
import type { SqlPlace, SqlStatement } from '../flow/operators/sql.js'
import { BatchInput } from './batch-input.js'
import { bindValues } from './bind.js'
import { Database } from './database.js'
import type { DuckDB } from './engine.js'
import { quoted } from './identifier.js'
import { resultColumns } from './result-columns.js'
import { ResultRows } from './result-rows.js'
import { statementError } from './statement-error.js'
import { TableLoader } from './table-loader.js'
import { declaredSchema } from './table-types.js'

/** Chunks that are fetched before they are asked for. */
const CHUNKS_AHEAD = 4
/** The table that a result is; those of flows are `flow1`, ... */
const RESULT = 'millrace result'

interface LoadedTable {
  readonly name: string
  readonly input: BatchInput
  readonly declared: Schema
  loader: TableLoader | undefined
}

/**
 * Runs one statement: loads the rows of its tables, one table after the other, then gives the rows of its result as they come. What DuckDB does
 * goes on beside this thread, one thing at a time, while the cursor pauses; appending rows alone is done in place.
 */
export class StatementCursor implements Cursor<Row>, Waiter {
  readonly #statement: SqlStatement
  readonly #place: SqlPlace
  readonly #load: () => Promise<DuckDB>
  readonly #tables: readonly LoadedTable[]
  #phase: 'open' | 'load' | 'read' = 'open'
  #database: Database | undefined
  /** What DuckDB is doing. */
  #work: Promise<void> | undefined
  #failure: { readonly error: Error } | undefined
  #table = 0
  /** It did not fit the table as it was. */
  #batch: Batch | undefined
  #result: DuckDBResult | undefined
  #rows: ResultRows | undefined
  /** Rows of the result that were not fetched yet. */
  #unread = 0
  #isClosed = false

  constructor(statement: SqlStatement, place: SqlPlace, load: () => Promise<DuckDB>) {
    this.#statement = statement
    this.#place = place
    this.#load = load
    this.#tables = statement.tables.map(({ name, rows, columns }) => ({
      name,
      input: new BatchInput(rows, `${place.where}, table ${name}`),
      declared: declaredSchema(columns ?? []),
      loader: undefined,
    }))
    place.waits.add(this)
  }

  get isFull(): boolean {
    return this.#work !== undefined
  }

  get waitsFor(): string {
    return this.#phase === 'open' ? 'its database' : 'its statement'
  }

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error
      if (this.#isClosed) return END
      if (this.#phase === 'read') {
        const row = this.#guarded(() => this.#rows?.next())
        this.#fetch()
        if (row !== undefined) return row
        if (this.#work === undefined) this.#finish()
      }
      if (this.#work !== undefined) return PAUSE
      if (this.#phase === 'open') this.#do(() => this.#open())
      else if (this.#phase === 'load' && !this.#loaded()) return PAUSE
      else if (this.#phase === 'load') this.#do(() => this.#begin())
    }
  }

  close(): void {
    this.#finish()
    for (const { input } of this.#tables) input.close()
  }

  /** Takes batches until it has to wait; true when all tables are there. */
  #loaded(): boolean {
    for (let table = this.#tables[this.#table]; table !== undefined; table = this.#tables[this.#table]) {
      const batch = this.#batch ?? table.input.next()
      if (batch === PAUSE) return false
      this.#guarded(() => this.#take(batch, table))
      if (this.#work !== undefined || this.#place.slice.over()) return false
    }
    return true
  }

  #take(batch: Batch | typeof END, { name, loader }: LoadedTable): void {
    if (batch === END) {
      if (loader?.hasColumns !== true) throw this.#unknownColumns(name)
      loader.finish()
      this.#table++
    } else if (loader?.fits(batch.schema) === true) {
      this.#batch = undefined
      loader.add(batch)
    } else {
      this.#batch = batch
      this.#do(async () => loader?.widen(batch.schema))
    }
  }

  #unknownColumns(name: string): MillraceError {
    return new MillraceError(
      'SqlColumn',
      `${this.#place.where}: the flow that is table ${name} gave no row, so that its columns are not known: declare them by table(flow, { column: 'type' })`,
    )
  }

  async #open(): Promise<void> {
    const { share, spill, where } = this.#place
    const engine = await this.#load()
    if (this.#isClosed) return
    const threads = this.#tables.length === 0 ? undefined : 1
    this.#database = await Database.open(engine, { memoryBytes: share, threads, spill })
    for (const table of this.#tables) {
      if (this.#isClosed) return
      table.loader = new TableLoader(table.name, where, this.#database)
      await table.loader.widen(table.declared)
    }
    this.#phase = 'load'
  }

  /**
   * The result is a table first: an error that comes while a result is read looks like its end, through this package of DuckDB. The table goes to
   * disk where it has no room, and is read as its rows are wanted.
   */
  async #begin(): Promise<void> {
    const { text, values, columns } = this.#statement
    const database = this.#database as Database
    const bind = (prepared: DuckDBPreparedStatement) => bindValues(prepared, values, database.engine)
    const described = await database.describe(await database.prepare(text), { text, bind })
    this.#rows = new ResultRows(resultColumns(columns, described, database.engine, this.#place.where))
    const names = columns.map(({ column }) => column)
    if (this.#isClosed) return
    this.#unread = await database.createTable(RESULT, { text, columns: names, bind })
    if (this.#isClosed) return
    for (const { name } of this.#tables) await database.run(`DROP TABLE ${quoted(name)}`)
    this.#result = await database.scan(RESULT)
    this.#phase = 'read'
  }

  #fetch(): void {
    const rows = this.#rows
    if (rows === undefined || this.#work !== undefined || this.#unread === 0 || rows.waiting >= CHUNKS_AHEAD) return
    this.#do(async () => {
      const chunk = await this.#result?.fetchChunk()
      const count = chunk?.rowCount ?? 0
      if (chunk === undefined || chunk === null || count === 0)
        throw new MillraceError('SqlFailed', `${this.#place.where}: the result ended ${this.#unread} rows early`)
      this.#unread -= count
      rows.add(chunk)
    })
  }

  /** Begins what DuckDB does next; the stage hears when it has settled. */
  #do(what: () => Promise<void>): void {
    const work = what()
      .catch((error) => this.#failed(error))
      .then(() => {
        this.#work = undefined
        if (this.#isClosed) this.#release()
        this.#place.waits.notify()
      })
    this.#work = work
    this.#place.waits.hold(work)
  }

  #guarded<T>(what: () => T): T {
    try {
      return what()
    } catch (error) {
      this.#failed(error)
      throw (this.#failure as { error: Error }).error
    }
  }

  #failed(error: unknown): void {
    this.#failure ??= { error: statementError(error, this.#place.where, this.#statement.text) }
  }

  /** Nothing of it is wanted any more. */
  #finish(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#batch = undefined
    this.#place.waits.remove(this)
    if (this.#work === undefined) this.#release()
    else this.#place.waits.hold(this.#database?.interrupt(this.#work) ?? this.#work)
  }

  #release(): void {
    this.#rows = undefined
    this.#result = undefined
    this.#database?.close()
    this.#database = undefined
  }
}
