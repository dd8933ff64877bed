import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { PeerLostError } from 'millrace'
import { createPool, type Flow, flow, lines } from 'millrace/flow'
import { words } from './stages/basic.js'
import { exits, throwsLater } from './stages/dying.js'
import { endless } from './stages/endless.js'
import { errorOf, LINKED, rowsOf, start, temporaryFolder, useWays, writeFiles } from './support.js'

/** How often something is tried, of the number for `npm run test:full`. */
const FULL = process.env.MILLRACE_FULL === '1'
const times = (full: number): number => (FULL ? full : full / 5)

const folder = temporaryFolder()
const { ways, pool } = useWays([0, 1, 2], LINKED)

const EXPECTED = [
  { word: 'mill', n: 6000 },
  { word: 'the', n: 6000 },
  { word: 'race', n: 3000 },
]

before(async () => {
  await writeFiles(folder, {
    'a.txt': 'the mill race\n'.repeat(2000),
    'b.txt': 'the mill\n'.repeat(3000),
    'c.txt': 'race the mill\n'.repeat(1000),
    'last.txt': 'the end\n',
  })
})

const counts = (): Flow<{ word: string; n: number }> =>
  flow(new URL('./stages/basic.js', import.meta.url))
    .read(lines(`${folder}/[abc].txt`))
    .flatMap(words)
    .groupBy('word', (a) => ({ n: a.count() }))
    .sort({ column: 'n', descending: true }, 'word')

/** Worker threads that this process has. */
function threads(): number {
  return (process.report.getReport() as unknown as { workers: unknown[] }).workers.length
}

describe('a pool', () => {
  test('serves many runs at once', async () => {
    for (const workers of [0, 1, 2]) {
      const results = await Promise.all(Array.from({ length: times(20) }, () => rowsOf(counts(), { pool: pool(workers) })))
      for (const rows of results) assert.deepEqual(rows, EXPECTED, `${workers} workers`)
    }
  })

  test('takes a run while another begins', async () => {
    for (const workers of [0, 2]) {
      const runs: Promise<unknown>[] = []
      for (let turn = 0; turn < times(20); turn++) {
        runs.push(rowsOf(counts(), { pool: pool(workers) }))
        await new Promise((resolve) => setImmediate(resolve))
      }
      for (const rows of await Promise.all(runs)) assert.deepEqual(rows, EXPECTED)
    }
  })

  test('serves many runs one after another, and nothing of them is left', async () => {
    for (const workers of [0, 2]) {
      const threadsBefore = threads()
      for (let run = 0; run < times(100); run++) {
        const rows = await rowsOf(run % 3 === 0 ? counts().limit(1) : counts(), { pool: pool(workers) })
        assert.deepEqual(rows, run % 3 === 0 ? EXPECTED.slice(0, 1) : EXPECTED)
      }
      assert.equal(threads(), threadsBefore)
    }
  })

  test('that was just made gives a run all its workers', async () => {
    const fresh = createPool({ workers: 3 })
    const run = start(counts(), { pool: fresh })
    await run.collect()
    assert.equal(run.stats().workers, 3)
    await fresh.close()
  })

  test('ends its open runs by name when it is closed, and takes no more', async () => {
    for (const workers of [0, 2]) {
      const closing = createPool({ workers })
      const job = flow(new URL('./stages/endless.js', import.meta.url))
        .read(lines(`${folder}/*.txt`))
        .flatMap(endless)
      const run = start(job, { pool: closing })
      const rows = run[Symbol.asyncIterator]()
      await rows.next()
      const waiting = errorOf(
        (async () => {
          for (;;) if ((await rows.next()).done) return
        })(),
      )
      await closing.close()
      assert.equal((await waiting).code, 'SessionEnded', `${workers} workers`)
      assert.equal((await errorOf(rowsOf(job.limit(1), { pool: closing }))).code, 'SessionEnded')
    }
  })

  test('and a number of workers together are refused, as are pools that cannot be', () => {
    assert.throws(() => counts().run({ pool: pool(1), workers: 2 }), { code: 'InvalidArgument' })
    for (const options of [{ workers: -1 }, { workers: 1.5 }, { workers: 1, ringBytes: 5000 }]) {
      assert.throws(() => createPool(options), { code: 'InvalidArgument' })
    }
  })
})

describe('a run without a pool', () => {
  test('ends its workers, also where it fails, is cancelled or was cancelled before', async () => {
    const threadsBefore = threads()
    assert.deepEqual(await rowsOf(counts(), { workers: 2 }), EXPECTED)
    const failing = flow(new URL('./stages/dying.js', import.meta.url)).read(lines(`${folder}/none.txt`))
    assert.equal((await errorOf(rowsOf(failing, { workers: 2 }))).code, 'SourceMissing')
    for await (const _row of start(counts(), { workers: 2 })) break
    const cancelled = start(counts(), { workers: 2 })
    const rows = errorOf(cancelled.collect())
    await cancelled.cancel()
    assert.equal((await rows).code, 'Cancelled')
    assert.equal((await errorOf(rowsOf(counts(), { workers: 2, signal: AbortSignal.abort() }))).code, 'Cancelled')
    assert.equal(threads(), threadsBefore)
  })
})

describe('a worker that dies', () => {
  const dying = (fn: typeof exits): Flow<{ text: string }> =>
    flow(new URL('./stages/dying.js', import.meta.url))
      .read(lines(`${folder}/*.txt`))
      .map(fn, { params: { at: 'the end' } })

  test('fails its run as a lost peer with the cause, and the next run on the pool is right', async () => {
    for (const { name, options } of FULL ? ways.filter(({ workers }) => workers > 0) : ways.slice(-2)) {
      for (const job of [dying(exits).sort('text'), ...(FULL ? [dying(exits), dying(exits).exchange.hash('text')] : [])]) {
        const error = await errorOf(rowsOf(job, options))
        assert.ok(error instanceof PeerLostError, `${name}: ${error.stack}`)
        assert.match(error.message, /exited with code 7/)
        assert.deepEqual(await rowsOf(counts(), options), EXPECTED, name)
      }
      const later = await errorOf(rowsOf(dying(throwsLater).exchange.hash('text').sort('text'), options))
      assert.ok(later instanceof PeerLostError && later.cause instanceof RangeError, `${name}: ${later.stack}`)
      assert.deepEqual(await rowsOf(counts(), options), EXPECTED, name)
    }
  })
})
