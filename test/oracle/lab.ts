import type { FlowPool } from 'millrace/flow'
import { list, quoted } from './columns.js'
import { difference } from './compare.js'
import { type Compiled, compile } from './compiler.js'
import { Database } from './database.js'
import { type Dataset, datasetName, tableOfDataset, writeDataset } from './dataset.js'
import type { Engine } from './engine.js'
import type { Program, Way } from './program.js'
import type { AnyRow } from './stages.js'

const STAGES = new URL('./stages.js', import.meta.url)

/** What came of a program. */
export interface Outcome {
  /** How the flow and the database differ; undefined where they do not. */
  readonly failure: string | undefined
  readonly compiled: Compiled
  /** Rows of each table. */
  readonly counts: ReadonlyMap<string, number>
  /** For each use of keys in the program: whether one was null. */
  readonly hadNullKey: readonly boolean[]
  readonly spilledBytes: number
}

/** Runs programs twice, as flows of an engine and as SQL of a database, and compares. */
export class Lab {
  static async open(engine: Engine, folder: string): Promise<Lab> {
    return new Lab(engine, folder, await Database.open())
  }

  readonly #pools = new Map<number, FlowPool>()
  readonly #datasets = new Map<string, Promise<void>>()

  private constructor(
    private readonly engine: Engine,
    private readonly folder: string,
    private readonly database: Database,
  ) {}

  async run(program: Program): Promise<Outcome> {
    const compiled = compile(this.engine, STAGES, this.folder, program)
    const datasets = [program.source, ...program.steps.map(({ right }) => right.source)]
    for (const dataset of datasets) await this.#write(dataset)
    for (const [name, query] of compiled.tables) await this.database.run(`CREATE TABLE ${name} AS ${query}`)
    const counts = await this.#counts([...datasets.map(datasetName), ...compiled.tables.keys()])
    const hadNullKey = await this.#nullKeys(compiled)
    const expected = await this.database.expected(compiled.table)
    for (const name of compiled.tables.keys()) await this.database.run(`DROP TABLE ${name}`)
    const { rows, spilledBytes, failure } = await this.#flow(compiled, program.way)
    const compared = failure ?? difference(compiled.table, expected, rows, (name) => counts.get(name) as number)
    return { failure: compared, compiled, counts, hadNullKey, spilledBytes }
  }

  async close(): Promise<void> {
    for (const pool of this.#pools.values()) await pool.close()
    this.database.close()
  }

  /** Once for all programs that read it. */
  #write(dataset: Dataset): Promise<void> {
    const name = datasetName(dataset)
    const known = this.#datasets.get(name)
    if (known !== undefined) return known
    const written = writeDataset(dataset, this.folder).then((paths) => this.database.run(tableOfDataset(dataset, paths)))
    this.#datasets.set(name, written)
    return written
  }

  async #counts(names: readonly string[]): Promise<Map<string, number>> {
    const [row] = await this.database.rows(`SELECT ${list(names.map((name) => `(SELECT CAST(count(*) AS DOUBLE) FROM ${name})`))}`)
    return new Map(Object.values(row).map((count, index) => [names[index], count as number]))
  }

  async #nullKeys({ keys }: Compiled): Promise<boolean[]> {
    if (keys.length === 0) return []
    const nulls = keys.map(({ table, columns }) => {
      const some = columns.map((name) => `${quoted(name)} IS NULL`).join(' OR ')
      return `EXISTS (FROM ${table} WHERE ${some})`
    })
    const [row] = await this.database.rows(`SELECT ${list(nulls)}`)
    return Object.values(row) as boolean[]
  }

  /** A run that stands still is ended, and tells who waits for whom. */
  async #flow(
    { table }: Compiled,
    { workers, ringBytes, memoryBytes }: Way,
  ): Promise<{ rows: AnyRow[]; spilledBytes: number; failure?: string }> {
    const pool = this.#pools.get(workers) ?? this.engine.createPool({ workers })
    this.#pools.set(workers, pool)
    const run = table.job.run({
      pool,
      ...(ringBytes !== undefined && { ringBytes }),
      ...(memoryBytes !== undefined && { memoryBytes }),
      onStall: ({ text }) => void run.cancel(new Error(text)),
    })
    try {
      const rows = (await run.collect()) as AnyRow[]
      return { rows, spilledBytes: run.stats().spilledBytes }
    } catch (error) {
      const { code, message, cause } = error as Error & { code?: string }
      return { rows: [], spilledBytes: 0, failure: `${code}: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}` }
    }
  }
}
