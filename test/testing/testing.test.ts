import assert from 'node:assert/strict'
import { test } from 'node:test'
import { poolOf } from '../../src/call/connect.js'
import { serve } from '../../src/index.js'
import { crashWorker, inline, leaks } from '../../src/testing.js'
import { collect, connected, failure } from '../support/connections.js'

const handlers = serve({
  *count({ to }: { to: number }) {
    for (let n = 0; n < to; n++) yield { n }
  },
  double: (n: number) => 2 * n,
  waits: () => new Promise<number>(() => {}),
})

test('handlers run inline as if they were in a worker', async () => {
  const { api, close } = await inline(handlers)
  assert.deepEqual(await collect(api.count({ to: 3 })), [{ n: 0 }, { n: 1 }, { n: 2 }])
  assert.equal(await api.double(21), 42)
  await close()
})

test('handlers need no mark to run inline', async () => {
  const { api, close } = await inline({ triple: (n: number) => 3 * n })
  assert.equal(await api.triple(3), 9)
  await close()
})

test('what is held is named by participant and kind, and nothing is where all was left', async () => {
  const connection = await inline(handlers, { closeTimeoutMs: 10 })
  const { api } = connection
  assert.deepEqual(await leaks(connection), {})
  const stream = api.count({ to: 1e6 })
  await stream.next()
  const held = await leaks(connection, { timeoutMs: 0 })
  assert.equal(held['0.streams'], 1)
  assert.equal(held['1.tasks'], 1)
  assert.equal(held['1.sinks'], 1)
  await stream.return()
  assert.deepEqual(await leaks(connection), {})
  const waiting = failure(api.waits())
  await api.double(1)
  assert.equal((await leaks(connection, { timeoutMs: 0 }))['1.tasks'], 1)
  await connection.close()
  assert.equal((await waiting).code, 'SessionEnded')
})

test('only a connection can be asked for leaks', async () => {
  const nothing = { [Symbol.asyncDispose]: async () => {} }
  assert.equal((await failure(leaks(nothing))).code, 'InvalidArgument')
})

test('crashWorker ends a worker the hard way, and the pool starts another', async () => {
  await connected<typeof import('../call/peers.worker.js')>(
    new URL('../call/peers.worker.js', import.meta.url),
    { workers: 2 },
    async (connection) => {
      const stream = connection.on(2).count({ to: 1e9 })
      await stream.next()
      await crashWorker(connection, 2)
      assert.equal((await failure(collect(stream))).code, 'PeerLost')
      assert.deepEqual(
        connection.stats().workers.map(({ worker }) => worker),
        [1, 3],
      )
      await crashWorker(connection)
      assert.equal(connection.stats().replaced, 2)
      for (const wrong of [2, 77]) assert.equal((await failure(crashWorker(connection, wrong))).code, 'InvalidArgument')
      await poolOf(connection).allReady()
    },
  )
  const here = await inline({ one: () => 1 })
  assert.equal((await failure(crashWorker(here))).code, 'InvalidArgument')
  await here.close()
})
