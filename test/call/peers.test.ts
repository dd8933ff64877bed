import assert from 'node:assert/strict'
import { test } from 'node:test'
import { participantId } from '../../src/base/ids.js'
import { poolOf } from '../../src/call/connect.js'
import { PeerLostError, TooManyCallsError } from '../../src/index.js'
import { collect, connected, failure, until } from '../support/connections.js'

type Worker = typeof import('./peers.worker.js')

const URL_OF_WORKER = new URL('./peers.worker.js', import.meta.url)

test('on() calls the worker of that number, and none other', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 3 }, async (connection) => {
    for (const worker of [1, 2, 3, 2]) {
      assert.equal(await connection.on(worker).worker(), worker)
      assert.deepEqual(await collect(connection.on(worker).count({ to: 3 })), [1, 2, 3])
    }
    for (const gone of [4, 99]) {
      assert.ok((await failure(connection.on(gone).worker())) instanceof PeerLostError)
      assert.ok((await failure(connection.on(gone).count({ to: 1 }).next())) instanceof PeerLostError)
    }
    assert.ok((await failure(connection.on(2).exit())) instanceof PeerLostError)
    assert.ok((await failure(connection.on(2).worker())) instanceof PeerLostError, 'its successor has another number')
  })
})

test('a worker calls another, and itself, over a link of their own', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 3 }, async (connection) => {
    const leaderBytes = () => [1, 2, 3].map((worker) => poolOf(connection).session.publishedBytes(participantId(worker)))
    assert.deepEqual(await connection.on(2).others(), [1, 3])
    for (const of of [1, 2, 3]) assert.equal(await connection.on(2).sumOf({ of, to: 20_000 }), 200_010_000)
    assert.deepEqual(
      await collect(connection.on(1).relay({ through: [2, 3, 1, 1, 2], to: 1000 })),
      Array.from({ length: 1000 }, (_none, n) => n + 1),
    )
    for (const bytes of leaderBytes()) assert.ok(bytes < 20_000, `${bytes} bytes went through the leader`)
  })
})

test('leaving a stream that is passed on through three workers ends it at the farthest', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 3 }, async (connection) => {
    for await (const n of connection.on(1).relay({ through: [2, 3], to: 1e9 })) if (n === 100) break
  })
})

test('a peer that dies, and one that never was, is the error of the call', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 2 }, async (connection) => {
    const { api } = connection
    assert.ok((await failure(connection.on(1).kill({ who: 2 }))) instanceof PeerLostError)
    assert.ok((await failure(connection.on(1).workerOf({ of: 2 }))) instanceof PeerLostError)
    assert.ok((await failure(connection.on(1).workerOf({ of: 77 }))) instanceof PeerLostError)
    assert.equal(await connection.on(1).workerOf({ of: 1 }), 1)
    await poolOf(connection).allReady()
    assert.deepEqual(await connection.on(1).others(), [3])
    assert.equal(await connection.on(1).workerOf({ of: 3 }), 3)
    assert.equal(typeof (await api.worker()), 'number')
  })
})

test('a handler does not wait for room at another worker, which its own calls may have taken', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 2 }, async (connection) => {
    assert.equal(await connection.on(1).crowd({ who: 2 }), new TooManyCallsError('').code)
  })
})

test('without workers a handler has no peers but itself', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 0 }, async ({ api }) => {
    assert.deepEqual(await api.others(), [])
    assert.equal(await api.workerOf({ of: 1 }), 1)
  })
})

test('stats() tells of each worker what is open, was asked for and failed, how busy it was, and how many were replaced', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 2 }, async (connection) => {
    const counts = () =>
      connection.stats().workers.map(({ worker, state, open, calls, failed }) => [worker, state, open, calls, failed].join(' '))
    assert.deepEqual(counts(), ['1 ready 0 0 0', '2 ready 0 0 0'])
    const stream = connection.on(2).count({ to: 1e9 })
    await stream.next()
    await connection.on(2).worker()
    assert.deepEqual(counts(), ['1 ready 0 0 0', '2 ready 1 2 0'])
    await stream.return()
    await until(() => connection.stats().workers[1].open === 0, 'it is open still')
    await failure(connection.on(2).workerOf({ of: 77 }))
    assert.deepEqual(counts(), ['1 ready 0 0 0', '2 ready 0 3 1'])
    await failure(connection.on(1).exit())
    await poolOf(connection).allReady()
    assert.deepEqual(counts(), ['2 ready 0 3 1', '3 ready 0 0 0'])
    const { workers, replaced, waiting } = connection.stats()
    assert.deepEqual([replaced, waiting], [1, 0])
    assert.ok(workers.every(({ utilization = -1 }) => utilization >= 0 && utilization <= 1))
  })
  await connected<Worker>(URL_OF_WORKER, { workers: 0 }, async (connection) => {
    const idle = { worker: 1, state: 'ready', open: 0, calls: 0, failed: 0, utilization: undefined, pid: undefined } as const
    assert.deepEqual(connection.stats(), { workers: [idle], replaced: 0, waiting: 0 })
  })
})
