import type { DuckDBMaterializedResult, DuckDBResult } from '@duckdb/node-api'
import { MillraceError } from '../base/errors.js'
import { macrotask } from '../base/macrotask.js'
import type { Batch } from '../columnar/batch.js'
import type { Block } from '../columnar/block.js'
import type { Row, Schema } from '../columnar/schema.js'
import type { Waiter } from '../flow/operators/call-waits.js'
import { type BlockCursor, END, PAUSE } from '../flow/operators/cursor.js'
import type { SqlPlace, SqlStatement } from '../flow/operators/sql.js'
import { BatchInput } from './batch-input.js'
import { bindValues } from './bind.js'
import { Database, type Described, namesOf } from './database.js'
import type { DuckDB } from './engine.js'
import { ResultBlocks } from './result-blocks.js'
import { resultColumns } from './result-columns.js'
import { statementError } from './statement-error.js'
import { TableLoader } from './table-loader.js'
import { declaredSchema } from './table-types.js'

/** Chunks that are fetched before they are asked for. */
const CHUNKS_AHEAD = 4

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
export class StatementCursor implements BlockCursor, Waiter {
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
  #blocks: ResultBlocks | undefined
  /** All chunks of the result are here. */
  #isFetched = false
  /** The rows that are given now, and how many of them were. */
  #block: Block | undefined
  #given = 0
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
    // It is open, mostly, when rows are asked for.
    this.#do(() => this.#open())
  }

  get isFull(): boolean {
    return this.#work !== undefined
  }

  get waitsFor(): string {
    return this.#phase === 'open' ? 'its database' : 'its statement'
  }

  next(): Row | typeof END | typeof PAUSE {
    const block = this.#filled()
    return typeof block === 'symbol' ? block : block.row(this.#given++)
  }

  nextBlock(rowsMax: number): Block | typeof END | typeof PAUSE {
    const block = this.#filled()
    if (typeof block === 'symbol') return block
    const from = this.#given
    this.#given = Math.min(block.rows, from + rowsMax)
    return block.part(from, this.#given)
  }

  close(): void {
    this.#finish()
    for (const { input } of this.#tables) input.close()
  }

  /** A block that has rows left. */
  #filled(): Block | typeof END | typeof PAUSE {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error
      if (this.#isClosed) return END
      if (this.#block !== undefined && this.#given < this.#block.rows) return this.#block
      if (this.#phase === 'read') {
        this.#block = this.#guarded(() => this.#blocks?.next())
        this.#given = 0
        this.#fetch()
        if (this.#block !== undefined) continue
        if (this.#work === undefined) this.#finish()
      }
      if (this.#work !== undefined) return PAUSE
      if (this.#phase === 'load' && !this.#loaded()) return PAUSE
      if (this.#phase === 'load') this.#do(() => this.#begin())
    }
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
    const { share, spill, where, isLeader = false } = this.#place
    const engine = await this.#load()
    if (this.#isClosed) return
    const threads = this.#tables.length === 0 ? undefined : 1
    this.#database = await Database.open(engine, { memoryBytes: share, threads, spill, isLeader })
    for (const table of this.#tables) {
      if (this.#isClosed) return
      table.loader = new TableLoader(table.name, where, this.#database)
      await table.loader.widen(table.declared)
    }
    this.#phase = 'load'
  }

  /**
   * A result streams: its rows come as they are read. Only what goes as it is to who runs the flow, and has nothing to bind, is a table first:
   * see `Database.runThroughTable`.
   */
  async #begin(): Promise<void> {
    const { text, values } = this.#statement
    const database = this.#database as Database
    const isTable = this.#place.isWhole && values.length === 0
    const result = isTable ? await database.runThroughTable(text) : await this.#stream(database)
    if (this.#isClosed || result === undefined) return
    this.#result = result
    this.#check(isTable && this.#mayBeRenamed(result) ? await database.prepare(text) : result)
    if (result instanceof database.engine.DuckDBMaterializedResult) this.#takeAll(result)
    this.#phase = 'read'
  }

  #takeAll(result: DuckDBMaterializedResult): void {
    for (let chunk = 0; chunk < result.chunkCount; chunk++) this.#blocks?.add(result.getChunk(chunk))
    this.#isFetched = true
  }

  /** Undefined where nobody wants it any more. */
  async #stream(database: Database): Promise<DuckDBResult | undefined> {
    const { text, values, columns } = this.#statement
    let prepared = await database.prepare(text)
    const described = database.describe(prepared)
    if (described !== undefined) {
      this.#check(described)
      if (described.columnCount > columns.length) prepared = await database.only(columns, text)
    }
    if (this.#isClosed) return undefined
    bindValues(prepared, values, database.engine)
    return await prepared.stream()
  }

  /** A table calls the second column of a name `x_1`. */
  #mayBeRenamed(described: Described): boolean {
    const names = namesOf(described)
    return this.#statement.columns.some(({ column }) =>
      names.some((name) => name.startsWith(`${column}_`) && /^\d+$/.test(name.slice(column.length + 1))),
    )
  }

  #check(described: Described): void {
    const { engine, native } = this.#database as Database
    this.#blocks = new ResultBlocks(resultColumns(this.#statement.columns, described, engine, this.#place.where), native)
  }

  #fetch(): void {
    const blocks = this.#blocks
    if (blocks === undefined || this.#work !== undefined || this.#isFetched || blocks.waiting >= CHUNKS_AHEAD) return
    this.#do(async () => {
      const chunk = await this.#result?.fetchChunk()
      if (chunk && chunk.rowCount > 0) blocks.add(chunk)
      else await this.#ended()
    })
  }

  /** There is no more: the result ended, or failed, which only its type tells. */
  async #ended(): Promise<void> {
    this.#isFetched = true
    const { engine } = this.#database as Database
    if (this.#isClosed || this.#result?.returnType !== engine.ResultReturnType.INVALID) return
    const { text, values } = this.#statement
    await this.#database?.explainFailure(text, (prepared) => bindValues(prepared, values, engine))
    throw new MillraceError('SqlFailed', `the statement failed while its rows were read, but not when it ran again to learn why`)
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
    // What waits for the end need not wait for this.
    if (this.#work === undefined) this.#place.waits.hold(macrotask().then(() => this.#release()))
    else this.#place.waits.hold(this.#database?.interrupt(this.#work) ?? this.#work)
  }

  #release(): void {
    this.#block = undefined
    this.#blocks = undefined
    this.#result = undefined
    this.#database?.close(this.#failure !== undefined)
    this.#database = undefined
  }
}
