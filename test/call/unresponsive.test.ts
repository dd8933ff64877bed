import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { deadline } from '../../src/base/deadline.js'
import { Client } from '../../src/call/client.js'
import { poolOf } from '../../src/call/connect.js'
import { encodeInput } from '../../src/call/input.js'
import { RemoteStream } from '../../src/call/remote-stream.js'
import { CancelledError, MillraceError, PeerLostError, type UnresponsiveReport } from '../../src/index.js'
import { connected, failure, until } from '../support/connections.js'
import { FakeClock } from '../support/fake-clock.js'
import { tick } from '../support/test-loop.js'
import { CHANNEL, letGo } from './unresponsive.worker.js'

type Worker = typeof import('./unresponsive.worker.js')

/** Waiting for a report alone holds no process open. */
let held: NodeJS.Timeout
before(() => {
  held = setInterval(() => {}, 0x7fff_ffff)
})
after(() => clearInterval(held))

const URL_OF_WORKER = new URL('./unresponsive.worker.js', import.meta.url)

/** Resolves when a handler says that from now on it does not stop by itself. */
async function hasBegun(): Promise<void> {
  const channel = new BroadcastChannel(CHANNEL)
  await new Promise((resolve) => {
    channel.onmessage = resolve
  })
  channel.close()
}

/** Connects with a short deadline; `told` resolves with the first report. */
async function watched(
  workers: number,
  body: (
    connection: Parameters<Parameters<typeof connected<Worker>>[2]>[0],
    told: Promise<UnresponsiveReport>,
    reports: UnresponsiveReport[],
  ) => Promise<void>,
): Promise<void> {
  const reports: UnresponsiveReport[] = []
  let tell: (report: UnresponsiveReport) => void = () => {}
  const told = new Promise<UnresponsiveReport>((resolve) => {
    tell = resolve
  })
  const onUnresponsive = (report: UnresponsiveReport) => {
    reports.push(report)
    tell(report)
  }
  await connected<Worker>(URL_OF_WORKER, { workers, cancelTimeoutMs: 30, onUnresponsive }, (connection) => body(connection, told, reports))
}

for (const handler of ['spins', 'waits'] as const) {
  test(`a stream that goes on after it was cancelled is told of and its worker replaced, with the reason for what else was open there: ${handler}`, async () => {
    await watched(1, async ({ api }, told, reports) => {
      const stream = api[handler]()
      const begun = hasBegun()
      const waiting = failure(stream.next())
      await begun
      const others = [failure(api.neverAnswers()), failure(api.neverAnswers())]
      stream.cancel('enough')
      assert.ok((await waiting) instanceof CancelledError, 'the consumer settles at once')
      const report = await told
      assert.deepEqual([report.handler, report.worker, report.afterMs, report.isReplaced], [handler, 1, 30, true])
      for (const error of await Promise.all(others)) {
        assert.ok(error instanceof PeerLostError, String(error))
        assert.ok(error.cause instanceof MillraceError && error.cause.code === 'Unresponsive')
        assert.match(
          error.cause.message,
          new RegExp(`^the handler '${handler}' of worker 1 went on for 30 ms after it was cancelled: look at`),
        )
      }
      assert.equal(await api.worker(), 2)
      assert.equal(reports.length, 1)
    })
  })
}

test('so is a value call whose signal is aborted', async () => {
  await watched(1, async ({ api }, told) => {
    const controller = new AbortController()
    const call = failure(api.neverAnswers(undefined, { signal: controller.signal }))
    assert.equal(await api.worker(), 1)
    controller.abort('late')
    assert.equal((await call).cause, 'late')
    assert.equal((await told).handler, 'neverAnswers')
    assert.equal(await api.worker(), 2)
  })
})

test('in this thread it is only told of, and the handlers go on to serve', async () => {
  await watched(0, async ({ api }, told) => {
    const stream = api.untilLetGo()
    const begun = hasBegun()
    const next = stream.next()
    await begun
    await stream.return()
    await next
    const report = await told
    assert.deepEqual([report.handler, report.isReplaced], ['untilLetGo', false])
    assert.equal(await api.worker(), 1)
    letGo()
  })
})

test('what ends when it is cancelled is waited for no longer', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async (connection) => {
    const seen = { cancelled: 0, over: 0 }
    const client = new Client(poolOf(connection), (worker, procedure) => {
      assert.deepEqual([worker, procedure], [1, 1])
      seen.cancelled++
      return () => seen.over++
    })
    for (let round = 1; round <= 20; round++) {
      const stream = new RemoteStream(() => client.openStream(1, encodeInput(undefined)), undefined)
      await stream.next()
      await stream.return()
      await until(() => seen.over === round, 'it is waited for still')
      assert.equal(seen.cancelled, round)
    }
  })
})

test('a deadline expires once, after one more look, unless it is taken back before', async () => {
  const clock = new FakeClock()
  let expired = 0
  const over = [0, 1, 2].map(() => deadline(() => expired++, 100, clock))
  over[0]()
  await clock.advance(99)
  assert.equal(expired, 0)
  const late = clock.advance(1)
  over[1]()
  await late
  for (let turn = 0; turn < 3; turn++) await tick()
  assert.equal(expired, 1)
})

test('without a callback it is a warning of the process', async () => {
  const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve))
  await connected<Worker>(URL_OF_WORKER, { workers: 1, cancelTimeoutMs: 20 }, async ({ api }) => {
    const stream = api.spins()
    const begun = hasBegun()
    const next = stream.next()
    await begun
    await stream.return()
    await next
    const { code, message } = await warned
    assert.equal(code, 'MILLRACE_UNRESPONSIVE')
    assert.match(message, /'spins' of worker 1 went on for 20 ms .*; its worker is replaced: look at/)
    assert.equal(await api.worker(), 2)
  })
})
