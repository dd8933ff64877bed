import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csv, type Flow, flow, parquet, to } from 'millrace/flow'
import { FLIGHTS } from '../../examples/flights/stages.js'
import { temporaryFolder } from './support.js'

const ROWS = 3_000_000
const COLUMNS = { delay: 'float64?', distance: 'float64?', origin: 'utf8?', date: 'timestamp?' } as const
/** What garbage may lie about, beside row groups and blocks that are being written. */
const GROWTH_BYTES_MAX = 700e6

test('three million flights are written as Parquet and CSV at flat memory, and are the same flights', async () => {
  const folder = temporaryFolder()
  const begin = flow(new URL('./stages/basic.js', import.meta.url))
  const flights = begin.read(parquet(FLIGHTS, { columns: COLUMNS }))
  const sums = async (
    of: Flow<{ delay: number | null; distance: number | null; origin: string | null; date: Date | null }>,
  ): Promise<unknown> => {
    const job = of.groupBy('origin', (a) => ({ n: a.count(), delay: a.sum('delay'), distance: a.sum('distance'), last: a.max('date') }))
    return job.sort('origin').run({ workers: 2 }).collect()
  }
  const before = process.memoryUsage().rss
  let rss = 0
  const look = setInterval(() => {
    rss = Math.max(rss, process.memoryUsage().rss)
  }, 50)
  const job = flights.tee(to.parquet(`${folder}/parquet/`, { bytesPerPart: 8e6 })).write(to.csv(`${folder}/csv/`, { rowsPerPart: 400_000 }))
  const parts = await job.run({ workers: 2 }).collect()
  clearInterval(look)
  assert.equal(
    parts.reduce((sum, { rows }) => sum + rows, 0),
    ROWS,
  )
  assert.ok(rss - before < GROWTH_BYTES_MAX, `grew by ${rss - before} bytes`)
  const expected = await sums(flights)
  assert.deepEqual(await sums(begin.read(parquet(`${folder}/parquet/*.parquet`, { columns: COLUMNS }))), expected)
  assert.deepEqual(await sums(begin.read(csv(`${folder}/csv/*.csv`, { columns: COLUMNS }))), expected)
})
