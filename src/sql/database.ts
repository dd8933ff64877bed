import type { DuckDBAppender, DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api'
import { systemClock } from '../base/clock.js'
import { MillraceError } from '../base/errors.js'
import type { Spill } from '../exchange/spill.js'
import type { ColumnPlan } from '../flow/column-plan.js'
import type { DuckDB } from './engine.js'
import { quoted } from './identifier.js'
import { discard, giveBack, type InstanceOptions, type Lease, takeInstance } from './instances.js'
import { loadNative, type Native } from './native.js'

/** How long an interrupt is waited for before it is sent again: one that comes before the query has begun is lost. */
const INTERRUPT_MS = 2

/** The table that a result may be; those of flows are `flow1`, ... */
const RESULT = quoted('millrace result')
/** So few are read into memory at once, beside what DuckDB may have. */
const FEW_ROWS = 4096

export interface DatabaseOptions {
  readonly memoryBytes: number
  /** Undefined: all of the machine. */
  readonly threads: number | undefined
  /** Where it puts what has no room; undefined: nowhere. */
  readonly spill: Spill | undefined
  readonly isLeader: boolean
}

/** Columns, by their places. */
export type Described = Pick<DuckDBResult, 'columnCount' | 'columnName' | 'columnType'>

type Bind = (prepared: DuckDBPreparedStatement) => void

/** A DuckDB in memory while a statement has it: its tables, its query and its end. One thing is done at a time. */
export class Database {
  readonly engine: DuckDB
  readonly native: Native
  readonly #options: InstanceOptions
  readonly #lease: Lease

  static async open(engine: DuckDB, { memoryBytes, threads, spill, isLeader }: DatabaseOptions): Promise<Database> {
    const options = { memoryBytes, threads, room: spill?.room, isLeader }
    return new Database(engine, options, await takeInstance(engine, options))
  }

  private constructor(engine: DuckDB, options: InstanceOptions, lease: Lease) {
    this.engine = engine
    this.native = loadNative()
    this.#options = options
    this.#lease = lease
  }

  async run(text: string): Promise<void> {
    await this.#lease.connection.run(text)
  }

  appender(table: string): Promise<DuckDBAppender> {
    return this.#lease.connection.createAppender(table)
  }

  /** One SELECT, checked by DuckDB. */
  async prepare(text: string): Promise<DuckDBPreparedStatement> {
    const prepared = await this.#lease.connection.prepare(text)
    if (prepared.statementType === this.engine.StatementType.SELECT) return prepared
    const type = this.engine.StatementType[prepared.statementType]
    throw new MillraceError('SqlFailed', `the statement is of type ${type}: sql() takes a SELECT`)
  }

  /** The columns of what a statement gives; undefined where a type follows from that of a bound value, and nothing is known before it runs. */
  describe(prepared: DuckDBPreparedStatement): Described | undefined {
    return prepared.columnCount === 1 && prepared.columnTypeId(0) === this.engine.DuckDBTypeId.INVALID ? undefined : prepared
  }

  /** A statement of no more than these columns of another. */
  only(columns: readonly ColumnPlan[], text: string): Promise<DuckDBPreparedStatement> {
    return this.#lease.connection.prepare(`SELECT ${columns.map(({ column }) => quoted(column)).join(', ')} FROM (\n${queryOf(text)}\n)`)
  }

  /**
   * What a statement gives that has nothing to bind, by way of a table: then it is planned once, where one that is prepared and reads files is
   * planned twice. DuckDB puts the table on disk where there is no room. The first rows are asked for with it, for to ask again takes 0.7 ms.
   */
  async runThroughTable(text: string): Promise<DuckDBResult> {
    const { connection } = this.#lease
    const query = queryOf(text)
    if (query.includes(';')) await this.prepare(text)
    const all = `FROM ${RESULT}`
    try {
      const few = await connection.run(`CREATE TEMP TABLE ${RESULT} AS SELECT * FROM (\n${query}\n); ${all} WHERE rowid <= ${FEW_ROWS}`)
      if (few.rowCount <= FEW_ROWS && !hasRowId(few)) return few
    } catch (error) {
      // What is wrong with it is told of it alone, with the place.
      if (!hasRowId(await this.prepare(text))) throw error
      return await connection.stream(all).catch(() => {
        throw error
      })
    }
    return await connection.stream(all)
  }

  /** Why a statement failed whose rows were read: it runs again, and keeps no row. */
  async explainFailure(text: string, bind: Bind): Promise<void> {
    const prepared = await this.#lease.connection.prepare(`SELECT max(hash(r)) FROM (\n${queryOf(text)}\n) AS r`)
    bind(prepared)
    await prepared.run()
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
      this.#lease.connection.interrupt()
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

  /** To be called when nothing runs. Another statement may have the DuckDB then, unless this one failed. */
  close(hasFailed: boolean): void {
    this.#lease.connection.closeSync()
    if (hasFailed) discard(this.#lease)
    else giveBack(this.#lease, this.#options)
  }
}

/** Without what may end it, but not inside another statement. */
function queryOf(text: string): string {
  return text.replace(/[;\s]+$/, '')
}

export function namesOf(described: Described): string[] {
  return Array.from({ length: described.columnCount }, (_none, index) => described.columnName(index))
}

/** A column of its own of this name stands before the number that every row has. */
function hasRowId(described: Described): boolean {
  return namesOf(described).some((name) => name.toLowerCase() === 'rowid')
}
