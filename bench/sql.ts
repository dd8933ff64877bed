/** Flows with statements against DuckDB by its own package. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPool, type Flow, type FlowPool, type Inputs, type StallReport } from 'millrace/flow'
import type { SourceColumns, SourceRow } from 'millrace/sql'
import { type Bench, collectGarbage, type Figure, FLOW_WARM_UPS, figure, interleaved, median, ratios, timed } from './harness.js'
import { PlainDuckDB, TYPES } from './rivals/duckdb.js'
import { registerFunction } from './rivals/duckdb-function.js'
import { type Bucket, carried, endless, endlessAlone, scoreOf, scoresOf, wholeFlow } from './sql.stages.js'
import { columnsOf, overFiles, QUERIES } from './tpch/queries.js'
import { writeTables } from './tpch/tables.js'

const WORKERS = 2
/** Of TPC-H: 600,000 lines of orders. */
const SCALE = 0.1

type Row = Readonly<Record<string, unknown>>

interface Place {
  readonly folder: string
  readonly pool: FlowPool
  readonly plain: PlainDuckDB
}

async function withPlace<T>(workers: number, work: (place: Place) => Promise<T>, kind: 'thread' | 'process' = 'thread'): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-sql-'))
  const pool = createPool({ workers, kind })
  const plain = await PlainDuckDB.open()
  try {
    return await work({ folder, pool, plain })
  } finally {
    await pool.close()
    plain.close()
    rmSync(folder, { recursive: true })
  }
}

/** Sums of floats differ in their last digits; whole numbers are bigints on one side. */
function areAlike(found: unknown, expected: unknown): boolean {
  if (typeof found !== 'number') return JSON.stringify(found) === JSON.stringify(expected)
  return Math.abs(found - Number(expected)) <= 1e-9 * Math.abs(found)
}

function mustBeAlike(name: string, found: readonly Row[], expected: readonly Row[]): void {
  const wrong = expected.findIndex((row, index) => !Object.entries(row).every(([key, value]) => areAlike(found[index]?.[key], value)))
  if (wrong >= 0 || found.length !== expected.length) throw new Error(`${name}: the answers differ from row ${wrong} on`)
}

interface Query {
  readonly text: string
  readonly job: Flow<SourceRow<SourceColumns>>
}

/**
 * Each query in turn by both, over the same files; both sides keep an instance and plan each query anew. The figure is of the sums over all 22, which is what
 * one waits for: a median of ratios would say the most about the shortest. A round is half a second, so there are four for one.
 */
function measureWhole(rounds: number): Promise<Figure> {
  return withPlace(WORKERS, async ({ folder, pool, plain }) => {
    const maker = await PlainDuckDB.open()
    await writeTables(maker.connection, folder, SCALE)
    maker.close()
    const queries: Query[] = []
    for (const query of QUERIES) {
      const text = overFiles(query, folder)
      const reader = await plain.connection.runAndReadAll(text)
      queries.push({ text, job: wholeFlow(columnsOf(reader.columnNames(), reader.columnTypes()), text) })
    }
    const byPlain = ({ text }: Query): Promise<readonly Row[]> => plain.rows(text)
    const byFlow = ({ job }: Query): Promise<readonly Row[]> => job.run({ pool }).collect()
    const sums: Record<'plain' | 'flow', number[]> = { plain: [], flow: [] }
    for (let round = 0; round < FLOW_WARM_UPS + 4 * rounds; round++) {
      const sum = { plain: 0, flow: 0 }
      collectGarbage()
      for (const [index, query] of queries.entries()) {
        const answers: (readonly Row[])[] = []
        for (const [side, work] of [
          ['plain', byPlain],
          ['flow', byFlow],
        ] as const) {
          const started = performance.now()
          answers.push(await work(query))
          sum[side] += performance.now() - started
        }
        mustBeAlike(`sql-whole ${index + 1}`, answers[1], answers[0])
      }
      if (round < FLOW_WARM_UPS) continue
      sums.plain.push(sum.plain)
      sums.flow.push(sum.flow)
    }
    return figure('sql-whole', 'x', ratios(sums.flow, sums.plain), {
      queries: QUERIES.length,
      scale: SCALE,
      'DuckDB ms': median(sums.plain),
      'flow ms': median(sums.flow),
    })
  })
}

/**
 * Of at most 12 chars. A longer text comes out of a batch as a window into the text of all, whose chars a loop such as that of this function reads
 * a third slower than those of a text of its own, as DuckDB's package makes it: 22.3 us against 16.2, measured.
 */
const LINES = 200_000

function measureCostly(rounds: number): Promise<Figure> {
  return withPlace(WORKERS, async ({ folder, pool, plain }) => {
    const file = join(folder, 'lines.parquet')
    await plain.rows(`copy (select n, 'line ' || n as text from range(${LINES}) r(n)) to '${file}' (format parquet)`)
    registerFunction(plain.connection, 'score_of', scoreOf)
    const text = `with scored as (select score_of(text) score from read_parquet('${file}') where n % 2 = 0)
      select score & 255 bucket, count(*) n, max(score) best from scored group by 1 order by 1`
    let expected: Row[] = []
    const byBucket = (rows: readonly Bucket[]): Row[] => [...rows].sort((a, b) => a.bucket - b.bucket).map((row) => ({ ...row }))
    const contenders = {
      udf: () =>
        timed(async () => {
          expected = await plain.rows(text)
        }),
      flow: () => timed(async () => mustBeAlike('sql-costly', byBucket(await scoresOf(file).run({ pool }).collect()), expected)),
    }
    const { udf, flow } = await interleaved(2 * rounds, contenders, FLOW_WARM_UPS)
    return figure('sql-costly', 'x', ratios(udf, flow), { workers: WORKERS, 'function in DuckDB ms': median(udf), 'flow ms': median(flow) })
  })
}

interface Carried {
  readonly rows: number
  readonly columns: SourceColumns
  /** What makes the file, of numbers from 0 on. */
  readonly values: string
  readonly looks: readonly string[]
}

const STRINGS: Carried = {
  rows: 300_000,
  columns: { short: 'utf8', long: 'utf8' },
  values: `'item ' || i % 1000 short, 'a longer text with the number ' || i || case when i % 100 = 0 then 'ü' else 'u' end long`,
  looks: [
    'count(*) n',
    'sum(length(short) + length(long)) chars',
    'sum(hash(short, long) % 1000003) hashes',
    `count_if(long like '%ü') special`,
  ],
}

const FIXED: Carried = {
  rows: 1_000_000,
  columns: { f: 'float64', n: 'int32', b: 'int64', t: 'timestamp', o: 'boolean' },
  values: `i / 8.0::double f, (i % 1000)::int n, i::bigint b, timestamp '2020-01-01' + interval (i) second t, i % 3 = 0 o`,
  looks: [
    'count(*) n',
    'sum(f) f',
    'sum(n) whole',
    'sum(b) big',
    'sum(epoch_ms(t) % 1000003) ms',
    'count_if(o) os',
    'sum(hash(f, b, t, o) % 1000003) hashes',
  ],
}

/** One worker, so that what is compared is the way of the values, and not the threads on both. */
function measureCarried(name: string, { rows, columns, values, looks }: Carried, rounds: number): Promise<Figure> {
  return withPlace(1, async ({ folder, pool, plain }) => {
    const file = join(folder, 'rows.parquet')
    await plain.rows(`copy (select ${values} from range(${rows}) r(i)) to '${file}' (format parquet)`)
    const types = Object.values(columns).map((type) => TYPES[type as string])
    let expected: Row[] = []
    const { byHand, flow } = await interleaved(rounds, {
      byHand: () =>
        timed(async () => {
          expected = await plain.throughTable({
            from: `from read_parquet('${file}')`,
            columns: Object.keys(columns),
            types,
            ask: `select ${looks.join(', ')} from flow1`,
          })
        }),
      flow: () => timed(async () => mustBeAlike(name, await carried(columns, file, looks).run({ pool }).collect(), expected)),
    })
    const perSecond = (ms: readonly number[]): number => (rows * 1000) / median(ms)
    return figure(name, 'x', ratios(byHand, flow), { 'rows/s by hand': perSecond(byHand), 'rows/s by the flow': perSecond(flow) })
  })
}

const CANCELS = 20

/** What a cancel waits for until nothing runs any more, in the midst of a statement: milliseconds, of each of so many runs. */
function measureCancel(name: string, job: Flow<{ i: number }>, inputs: Inputs, kind?: 'process'): Promise<Figure> {
  const measure = async ({ pool }: Place): Promise<Figure> => {
    const times: number[] = []
    for (let turn = 0; turn < CANCELS; turn++) {
      let begun = (): void => {}
      const statement = new Promise<void>((resolve) => {
        begun = resolve
      })
      const onStall = ({ text }: StallReport): void => {
        if (text.includes('waits for its statement')) begun()
      }
      const run = job.run({ pool, inputs, stallMs: 20, onStall })
      const rows = run.collect().then(
        () => false,
        ({ code }: { code?: string }) => code === 'Cancelled',
      )
      await statement
      times.push(await timed(() => run.cancel()))
      if (!(await rows)) throw new Error(`${name}: the statement was not cancelled`)
    }
    return figure(name, 'ms', times, { runs: CANCELS, workers: WORKERS })
  }
  return withPlace(WORKERS, measure, kind)
}

const ONE_ROW = { n: [{ n: 1 }] }
const CANCEL_LIMITS = { floor: 20, aim: 10, better: 'lower' } as const

export const benches: readonly Bench[] = [
  { name: 'sql-cancel', ...CANCEL_LIMITS, run: () => measureCancel('sql-cancel', endless(), ONE_ROW) },
  { name: 'sql-cancel-alone', ...CANCEL_LIMITS, run: () => measureCancel('sql-cancel-alone', endlessAlone(), {}) },
  { name: 'sql-cancel-process', ...CANCEL_LIMITS, run: () => measureCancel('sql-cancel-process', endless(), ONE_ROW, 'process') },
  { name: 'sql-whole', floor: 1.15, aim: 1.03, better: 'lower', run: measureWhole },
  { name: 'sql-costly', floor: 1.5, aim: 1.9, better: 'higher', run: measureCostly },
  { name: 'sql-strings', floor: 1.5, aim: 5, better: 'higher', run: (rounds) => measureCarried('sql-strings', STRINGS, rounds) },
  { name: 'sql-fixed', floor: 0.9, aim: 2, better: 'higher', run: (rounds) => measureCarried('sql-fixed', FIXED, rounds) },
]
