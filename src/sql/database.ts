import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBAppender, DuckDBConnection, DuckDBInstance, DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api'
import { systemClock } from '../base/clock.js'
import { MillraceError } from '../base/errors.js'
import type { Spill } from '../exchange/spill.js'
import { folderPrefix } from '../exchange/spill-owner.js'
import type { DuckDB } from './engine.js'
import { quoted } from './identifier.js'

/** DuckDB needs some to start with, however little the run has. */
const MEMORY_BYTES_MIN = 32 * 1024 * 1024
/** How long an interrupt is waited for before it is sent again: one that comes before the query has begun is lost. */
const INTERRUPT_MS = 2

export interface DatabaseOptions {
  readonly memoryBytes: number
  /** Undefined: all of the machine. */
  readonly threads: number | undefined
  /** Where it puts what has no room; undefined: nowhere. */
  readonly spill: Spill | undefined
}

/** Columns, by their places. */
export type Described = Pick<DuckDBPreparedStatement, 'columnCount' | 'columnName' | 'columnType'>

interface CreateOptions {
  readonly text: string
  readonly columns: readonly string[]
  bind(prepared: DuckDBPreparedStatement): void
}

/** A DuckDB in memory, of one statement: its tables, its query and its end. One thing is done at a time. */
export class Database {
  readonly engine: DuckDB
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  readonly #folder: string | undefined

  static async open(engine: DuckDB, { memoryBytes, threads, spill }: DatabaseOptions): Promise<Database> {
    const folder = spill && mkdtempSync(join(spill.room.path, folderPrefix()))
    try {
      const instance = await engine.DuckDBInstance.create(':memory:', {
        memory_limit: bytesText(Math.max(MEMORY_BYTES_MIN, memoryBytes)),
        temp_directory: folder ?? '',
        errors_as_json: 'true',
        ...(spill === undefined ? {} : { max_temp_directory_size: bytesText(spill.room.limitBytes) }),
        ...(threads === undefined ? {} : { threads: String(threads) }),
      })
      return new Database(engine, instance, await instance.connect(), folder)
    } catch (error) {
      remove(folder)
      throw error
    }
  }

  private constructor(engine: DuckDB, instance: DuckDBInstance, connection: DuckDBConnection, folder: string | undefined) {
    this.engine = engine
    this.#instance = instance
    this.#connection = connection
    this.#folder = folder
  }

  async run(text: string): Promise<void> {
    await this.#connection.run(text)
  }

  appender(table: string): Promise<DuckDBAppender> {
    return this.#connection.createAppender(table)
  }

  /** One SELECT, checked by DuckDB. */
  async prepare(text: string): Promise<DuckDBPreparedStatement> {
    const prepared = await this.#connection.prepare(text)
    if (prepared.statementType === this.engine.StatementType.SELECT) return prepared
    const type = this.engine.StatementType[prepared.statementType]
    throw new MillraceError('SqlFailed', `the statement is of type ${type}: sql() takes a SELECT`)
  }

  /** The columns of what a statement gives, before it runs. */
  async describe(prepared: DuckDBPreparedStatement, { text, bind }: Omit<CreateOptions, 'columns'>): Promise<Described> {
    if (prepared.columnCount !== 1 || prepared.columnTypeId(0) !== this.engine.DuckDBTypeId.INVALID) return prepared
    // Where a type follows from that of a bound value, nothing is known before it is bound.
    const bound = await this.#connection.prepare(`SELECT * FROM (\n${queryOf(text)}\n) LIMIT 0`)
    bind(bound)
    return await bound.run()
  }

  /** Makes a table of these columns of what the statement gives. Returns its rows. */
  async createTable(name: string, { text, columns, bind }: CreateOptions): Promise<number> {
    const create = `CREATE TABLE ${quoted(name)} AS SELECT ${columns.map(quoted).join(', ')} FROM (\n${queryOf(text)}\n)`
    const prepared = await this.#connection.prepare(create)
    bind(prepared)
    const [[rows]] = await (await prepared.run()).getRows()
    return Number(rows)
  }

  /** The rows of a table in the order in which they were put there; they come as the result is read. */
  async scan(name: string): Promise<DuckDBResult> {
    return await (await this.#connection.prepare(`SELECT * FROM ${quoted(name)}`)).stream()
  }

  /** Ends what runs, which settles soon after. */
  async interrupt(running: Promise<unknown>): Promise<void> {
    let hasSettled = false
    const settled = running.then(
      () => {
        hasSettled = true
      },
      () => {
        hasSettled = true
      },
    )
    while (!hasSettled) {
      this.#connection.interrupt()
      let stop = (): void => {}
      await Promise.race([
        settled,
        new Promise<void>((resolve) => {
          stop = systemClock.schedule(resolve, INTERRUPT_MS)
        }),
      ])
      stop()
    }
  }

  /** To be called when nothing runs. */
  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
    remove(this.#folder)
  }
}

/** Without what may end it, but not inside another statement. */
function queryOf(text: string): string {
  return text.replace(/[;\s]+$/, '')
}

function bytesText(bytes: number): string {
  return `${Math.floor(bytes / 1024)}KiB`
}

function remove(folder: string | undefined): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
}
