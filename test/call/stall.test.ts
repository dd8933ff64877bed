import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ConnectOptions, connect, type StallReport } from '../../src/index.js'
import { Pool } from '../../src/mesh/pool.js'
import { activeResources, assertReleased, collect, connected, failure } from '../support/connections.js'
import { watchThread } from './life.worker.js'

type Life = typeof import('./life.worker.js')

const LIFE = new URL('./life.worker.js', import.meta.url)

/** The first report of a connection whose calls nobody answers. */
async function stalled(options: ConnectOptions, begin: (api: Awaited<ReturnType<typeof connect<Life>>>['api']) => Promise<unknown>) {
  const before = activeResources()
  let told: (report: StallReport) => void = () => {}
  const report = new Promise<StallReport>((resolve) => {
    told = resolve
  })
  const connection = await connect<Life>(LIFE, {
    stallMs: 20,
    closeTimeoutMs: 20,
    ...options,
    onStall: (each) => each.waits.every((wait) => wait.for !== 'begin') && told(each),
  })
  const call = failure(begin(connection.api))
  const { text, waits, stalledMs } = await report
  assert.ok(stalledMs >= 20)
  await connection.close()
  await call
  await assertReleased(before)
  return { lines: text.split('\n').slice(1), kinds: waits.map((wait) => wait.for) }
}

const DATA = /^participant 0 waits for data of stream \d+ from participant 1$/

for (const workers of [0, 1]) {
  describe(`a stall is told (${workers} workers)`, () => {
    test('of a handler that waits for ever, with its name', async () => {
      const { lines, kinds } = await stalled({ workers }, (api) => api.never())
      assert.deepEqual(kinds, ['data', 'source'])
      assert.match(lines[0], DATA)
      assert.equal(lines[1], "participant 1: handler 'never' computes, or waits for something of its own")
    })

    test('of a stream whose generator never yields', async () => {
      const { lines } = await stalled({ workers }, (api) => collect(api.neverYields()))
      assert.match(lines[0], DATA)
      assert.equal(lines[1], "participant 1: handler 'neverYields' computes, or waits for something of its own")
    })
  })
}

test('a synchronous loop is told as a thread that does not answer', async () => {
  const { lines, kinds } = await stalled({ workers: 1 }, (api) => api.spin())
  assert.deepEqual(kinds, ['data', 'answer'])
  assert.match(lines[0], DATA)
  assert.equal(lines[1], 'participant 1 does not answer: its thread is busy')
})

test('a worker whose module never ends to load is told while it is waited for', async () => {
  const before = activeResources()
  const bootstrap = new URL('data:text/javascript,import "node:worker_threads"; await new Promise((resolve) => setTimeout(resolve, 1e6))')
  let pool: Pool | undefined
  const { text } = await new Promise<StallReport>((onStall) => {
    pool = new Pool({ workers: 1, bootstrap, boot: undefined, inline: () => {}, stall: { stallMs: 10, onStall } })
    pool.allReady().catch(() => {})
  })
  assert.match(text, /\nparticipant 1 does not serve yet: it loads its module/)
  await pool?.close()
  await assertReleased(before)
})

test('a consumer that does not read, and one that is served, are no stall; nothing is timed while nobody waits', async () => {
  const reports: StallReport[] = []
  await connected<Life>(LIFE, { workers: 1, stallMs: 60_000, onStall: (report) => reports.push(report) }, async ({ api }) => {
    const open = api.count({})
    await open.next()
    const here = watchThread()
    for (let turn = 0; turn < 2000; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(here.timers, 0)
    for (let n = 0; n < 1000; n++) await open.next()
    await open.return()
  })
  assert.deepEqual(reports, [])
})

for (const stallMs of [0, -1, Number.NaN, 2 ** 31]) {
  test(`a stall time of ${stallMs} is refused`, async () => {
    assert.equal((await failure(connect(LIFE, { workers: 0, stallMs }))).code, 'InvalidArgument')
  })
}
