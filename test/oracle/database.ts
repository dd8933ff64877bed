import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { list, POSITION, quoted } from './columns.js'
import type { Expected } from './compare.js'
import type { AnyRow } from './stages.js'
import type { Table } from './table.js'

/** The stranger: DuckDB, in memory, in one thread. */
export class Database {
  static async open(): Promise<Database> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    return new Database(instance, await instance.connect())
  }

  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  async run(sql: string): Promise<void> {
    await this.connection.run(sql)
  }

  async rows(sql: string): Promise<AnyRow[]> {
    const reader = await this.connection.runAndReadAll(sql)
    return reader.getRowObjectsJS() as AnyRow[]
  }

  /** The rows of a table, in their order if they have one, with the values that a flow gives. */
  async expected({ name, columns, order }: Table): Promise<Expected[]> {
    const position = order === undefined ? [] : [`CAST(${quoted(POSITION)} AS DOUBLE) AS ${quoted(POSITION)}`]
    const sorting = order === undefined ? '' : ` ORDER BY ${quoted(POSITION)}`
    const rows = await this.rows(`SELECT ${list([...columns.map(({ name: each }) => quoted(each)), ...position])} FROM ${name}${sorting}`)
    return rows.map(({ [POSITION]: at, ...row }) => ({ row, position: at as number | undefined }))
  }

  close(): void {
    this.connection.closeSync()
    this.instance.closeSync()
  }
}
