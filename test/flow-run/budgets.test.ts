import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { type Flow, flow, lines } from 'millrace/flow'
import { manyKeys, oneKey, oneThenAll, slowly } from './stages/many.js'
import { errorOf, rowsOf, temporaryFolder, useWays, writeFiles } from './support.js'

const STAGES = new URL('./stages/many.js', import.meta.url)
const FULL = process.env.MILLRACE_FULL === '1'
const ROWS = FULL ? 3_000_000 : 1_000_000
const FILES = 4

const folder = temporaryFolder()
const { ways } = useWays()
const defaultWays = ways.filter(({ options }) => options.ringBytes === undefined)
/** What takes seconds runs with two workers only, at full size with all. */
const longWays = FULL ? ways : defaultWays.filter(({ workers }) => workers === 2)

before(async () => {
  await writeFiles(folder, Object.fromEntries(Array.from({ length: FILES }, (_none, file) => [`${file}.txt`, `${file}\n`.padEnd(70_000)])))
})

const read = (): Flow<{ text: string; file: string; offset: number }> => flow(STAGES).read(lines(`${folder}/*.txt`))
/** Each file has two lines: the second is of blanks. */
const perLine = (rows: number): { params: { rows: number } } => ({ params: { rows: rows / (2 * FILES) } })

describe(`${ROWS / 1e6} million rows on one key complete within the default budgets`, () => {
  test('in a groupBy', async () => {
    for (const way of longWays) {
      const job = read()
        .flatMap(oneKey, perLine(ROWS))
        .groupBy('key', (a) => ({ rows: a.count(), sum: a.sum('n'), most: a.max('n') }))
      const last = ROWS / (2 * FILES) - 1
      assert.deepEqual(await rowsOf(job, way.options), [{ key: 'the one', rows: ROWS, sum: (ROWS * last) / 2, most: last }], way.name)
    }
  })

  test('in a hash exchange with a groupBy behind it', async () => {
    for (const way of longWays) {
      const job = read()
        .flatMap(oneKey, perLine(ROWS))
        .exchange.hash('key')
        .groupBy('key', (a) => ({ rows: a.count() }))
      assert.deepEqual(await rowsOf(job, way.options), [{ key: 'the one', rows: ROWS }], way.name)
    }
  })
})

describe('without spill a run ends by a named error beyond its budget, and leaves nothing', () => {
  const small = 200_000

  test('of an operator that keeps rows: sort, top-k, groupBy', async () => {
    for (const way of defaultWays) {
      const rows = read().flatMap(manyKeys, perLine(80_000))
      for (const [job, name] of [
        [rows.sort('key'), /sort/],
        [rows.sort('key').limit(50_000), /top 50000/],
        [rows.groupBy(['key', 'text'], (a) => ({ n: a.count() })), /groupBy\(key, text\)/],
      ] as const) {
        const error = await errorOf(rowsOf<unknown>(job as Flow<unknown>, { ...way.options, memoryBytes: small, spill: false }))
        assert.equal(error.code, 'OperatorBudget', `${way.name}: ${error.stack}`)
        assert.match(error.message, name)
        assert.match(error.message, /memoryBytes/)
      }
      assert.equal((await rowsOf(rows.sort('key').limit(10), { ...way.options, memoryBytes: small })).length, 10)
    }
  })

  test('of the queues of an exchange: one receiver is slow, another waits', async () => {
    for (const way of ways.filter(({ workers }) => workers > 1)) {
      const job = read().flatMap(oneThenAll, perLine(400_000)).exchange.hash('key').map(slowly)
      const error = await errorOf(rowsOf(job.groupBy('key'), { ...way.options, memoryBytes: small, spill: false }))
      assert.equal(error.code, 'QueueBudget', `${way.name}: ${error.stack}`)
      assert.match(error.message, /stage 0: \d+ bytes wait .* for participant \d.*, more than the 50000 allowed/)
    }
  })

  test('and with one worker, whose only receiver is the slow one, no queue fails', async () => {
    for (const way of ways.filter(({ workers }) => workers <= 1)) {
      const job = read()
        .flatMap(oneKey, perLine(80_000))
        .exchange.hash('key')
        .groupBy('key', (a) => ({ n: a.count() }))
      assert.deepEqual(await rowsOf(job, { ...way.options, memoryBytes: small }), [{ key: 'the one', n: 80_000 }], way.name)
    }
  })
})
