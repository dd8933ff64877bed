import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { participantId } from '../../src/base/ids.js'
import { Client } from '../../src/call/client.js'
import { poolOf } from '../../src/call/connect.js'
import { checkedRange, Elastic } from '../../src/call/elastic.js'
import { encodeInput } from '../../src/call/input.js'
import { connect } from '../../src/index.js'
import type { Pool } from '../../src/mesh/pool.js'
import { crashWorker, leaks } from '../../src/testing.js'
import { collect, connected, failure, until } from '../support/connections.js'
import { FakeClock } from '../support/fake-clock.js'

type Module = typeof import('./elastic.worker.js')
const URL_OF_WORKER = new URL('./elastic.worker.js', import.meta.url)

/** Input streams that stay open until they are let go. */
function gates(): { gate(): AsyncGenerator<number>; open(): void; reached: Promise<void> } {
  let reach = (): void => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return {
    async *gate() {
      reach()
      yield 1
      await opened
    },
    open: () => open(),
    reached,
  }
}

const workersOf = (connection: { stats(): { workers: readonly unknown[] } }): number => connection.stats().workers.length

test('a pool grows while all its workers are busy, up to the most, and gives each what it can do', async () => {
  await connected<Module>(URL_OF_WORKER, { workers: { min: 1, max: 3 } }, async (connection) => {
    assert.equal(workersOf(connection), 1)
    assert.equal(await connection.api.whoami(), 1)
    assert.equal(await connection.api.whoami(), 1)
    assert.equal(workersOf(connection), 1, 'one after the other needs no more')
    const { gate, open } = gates()
    const calls = Array.from({ length: 6 }, () => connection.api.wait(gate()))
    await until(
      () =>
        connection
          .stats()
          .workers.map(({ open }) => open)
          .join() === '2,2,2',
      'six calls are two for each of three',
    )
    open()
    assert.deepEqual((await Promise.all(calls)).sort(), [1, 1, 2, 2, 3, 3])
  })
})

test('streams make a pool grow too, and a call to one worker does not', async () => {
  await connected<Module>(URL_OF_WORKER, { workers: { min: 1, max: 2 } }, async (connection) => {
    const first = connection.api.numbers(10)
    assert.equal((await first.next()).value, 1)
    assert.deepEqual(await collect(connection.on(1).numbers(2)), [1, 1])
    assert.equal(workersOf(connection), 1)
    const { gate, open } = gates()
    const busy = connection.on(1).wait(gate())
    assert.deepEqual(await collect(connection.api.numbers(2)), [2, 2])
    open()
    assert.equal(await busy, 1)
    await first.return()
  })
})

test('a call that waits for a new worker takes one that is free before', async () => {
  await connected<Module>(URL_OF_WORKER, { workers: { min: 1, max: 2 } }, async (connection) => {
    const { gate, open } = gates()
    const busy = connection.api.wait(gate())
    await until(() => connection.stats().workers[0].open === 1, 'it is busy')
    const next = connection.api.whoami()
    open()
    assert.ok([1, 2].includes(await next))
    assert.equal(await busy, 1)
    await until(() => connection.stats().workers.every(({ state }) => state === 'ready'), 'the second serves')
  })
})

test('a worker that had nothing to do for a while is ended in order, and one with less than the least is not', async () => {
  await connected<Module>(URL_OF_WORKER, { workers: { min: 1, max: 3 }, idleTimeoutMs: 20 }, async (connection) => {
    const { gate, open } = gates()
    const calls = Array.from({ length: 3 }, () => connection.api.wait(gate()))
    await until(() => workersOf(connection) === 3, 'three work')
    open()
    await Promise.all(calls)
    await until(() => workersOf(connection) === 1, 'one is left')
    assert.equal(connection.stats().replaced, 0)
    const [{ worker }] = connection.stats().workers
    assert.equal(await connection.api.whoami(), worker)
    for (const gone of [1, 2, 3].filter((id) => id !== worker)) {
      assert.equal((await failure(connection.on(gone).whoami())).code, 'PeerLost')
    }
    const again = gates()
    const more = Array.from({ length: 3 }, () => connection.api.wait(again.gate()))
    await until(() => workersOf(connection) === 3, 'it grows again')
    again.open()
    assert.ok((await Promise.all(more)).every((id) => id === worker || id > 3))
    await until(() => workersOf(connection) === 1, 'and shrinks')
    assert.deepEqual(await leaks(connection), {})
  })
})

test('a worker that works for another one is not idle', async () => {
  await connected<Module>(URL_OF_WORKER, { workers: { min: 1, max: 2 } }, async (connection) => {
    const first = gates()
    const held = connection.on(1).wait(first.gate())
    const second = gates()
    const other = connection.api.wait(second.gate())
    await until(() => connection.stats().workers[1]?.open === 1, 'two work')
    const third = gates()
    const through = connection.on(1).other(third.gate())
    await third.reached
    second.open()
    assert.equal(await other, 2)
    await until(() => connection.stats().workers.some(({ worker, open }) => worker === 2 && open === 0), 'nothing of ours is open there')
    await poolOf(connection).retire(participantId(2), () => true)
    assert.equal(connection.stats().workers[1].state, 'ready')
    third.open()
    assert.equal(await through, 2)
    first.open()
    assert.equal(await held, 1)
  })
})

test('where no more workers can begin, calls go to those that are there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-once-'))
  try {
    const env = { ONCE: join(folder, 'first') }
    const options = { workers: { min: 1, max: 4 }, env }
    await connected<typeof import('./starts-once.worker.js')>(
      new URL('./starts-once.worker.js', import.meta.url),
      options,
      async (connection) => {
        const { gate, open } = gates()
        const busy = connection.api.wait(gate())
        await until(() => connection.stats().workers[0].open === 1, 'it is busy')
        assert.deepEqual(await Promise.all([connection.api.tries(), connection.api.tries()]), [1, 1])
        assert.equal(await connection.api.tries(), 1)
        open()
        await busy
        assert.equal(workersOf(connection), 1)
      },
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('what is known of workers that are gone goes, and towards the end of their numbers none is given up', async () => {
  await connected<Module>(URL_OF_WORKER, { workers: 2 }, async (connection) => {
    const pool = poolOf(connection)
    // Nobody waits for a worker that goes, so it does not hold the process.
    pool.hold.change(1)
    const client = new Client(pool)
    const ask = (on: number): Promise<unknown> => client.value(0, encodeInput(undefined), { on: participantId(on) })
    assert.deepEqual([await ask(1), await ask(2)], [1, 2])
    await crashWorker(connection, 1)
    await pool.allReady()
    assert.equal(await ask(3), 3)
    assert.deepEqual([...(client as unknown as { known: Map<number, unknown> }).known.keys()], [2, 3])
    Object.assign(pool, { nextWorkerId: 60_001 })
    await pool.retire(participantId(2), () => true)
    assert.equal(await ask(2), 2)
    Object.assign(pool, { nextWorkerId: 4 })
    await pool.retire(participantId(2), () => true)
    assert.equal((await failure(ask(2))).code, 'PeerLost')
    pool.hold.change(-1)
  })
})

test('closing while workers start or leave ends them all', async () => {
  for (let n = 0; n < 5; n++) {
    const connection = await connect<Module>(URL_OF_WORKER, { workers: { min: 1, max: 3 }, idleTimeoutMs: n })
    const { gate, open } = gates()
    const calls = Promise.allSettled(Array.from({ length: 3 }, () => connection.api.wait(gate())))
    if (n > 1) await until(() => workersOf(connection) === 3, 'three work')
    open()
    if (n > 2) await calls
    await connection.close()
    await calls
    assert.equal(workersOf(connection), 0)
  }
})

test('what is looked at is only who got nothing since the last look, and never are more asked to go than may', async () => {
  const clock = new FakeClock()
  const retired: number[] = []
  const gone: (() => void)[] = []
  const counts = new Map([
    [1, { open: 0, calls: 5 }],
    [2, { open: 0, calls: 5 }],
    [3, { open: 1, calls: 1 }],
  ])
  let living = [1, 2, 3].map((id) => ({ id, state: 'ready' }))
  const pool = {
    get living() {
      return living
    },
    get ready() {
      return living
    },
    isClosed: false,
    grow: () => {},
    retire: (id: number) => {
      retired.push(id)
      return new Promise<void>((resolve) => gone.push(resolve))
    },
    nextReady: () => Promise.resolve(),
  } as unknown as Pool
  const elastic = new Elastic(pool, { min: 1, max: 4 }, 100, (id) => counts.get(id) ?? { open: 0, calls: 0 }, clock)
  await elastic.more()
  await clock.advance(100)
  assert.deepEqual(retired, [], 'the first look only sees')
  counts.set(1, { open: 0, calls: 6 })
  await clock.advance(100)
  assert.deepEqual(retired, [2])
  await clock.advance(100)
  assert.deepEqual(retired, [2, 1])
  counts.set(3, { open: 0, calls: 1 })
  await clock.advance(300)
  assert.deepEqual(retired, [2, 1], 'one has to stay, whenever the others are gone')
  living = living.slice(2)
  for (const each of gone) each()
  await clock.advance(300)
  assert.deepEqual(retired, [2, 1])
})

test('a number that no worker has is refused', async () => {
  await connected<Module>(URL_OF_WORKER, { workers: 0 }, async (connection) => {
    for (const worker of [0, -1, 1.5, 70_000, undefined as unknown as number]) {
      assert.throws(() => connection.on(worker), { code: 'InvalidArgument', message: /give the number of a worker/ })
    }
  })
})

test('a range that is none is refused', async () => {
  assert.deepEqual(checkedRange(undefined, 6), { min: 6, max: 6 })
  assert.deepEqual(checkedRange(0, 6), { min: 0, max: 0 })
  assert.deepEqual(checkedRange({}, 6), { min: 1, max: 6 })
  assert.deepEqual(checkedRange({ min: 8 }, 6), { min: 8, max: 8 })
  for (const workers of [{ min: 0 }, { min: 3, max: 2 }, { max: 1025 }, { min: 1.5 }, -1]) {
    assert.equal((await failure(connect(URL_OF_WORKER, { workers }))).code, 'InvalidArgument', JSON.stringify(workers))
  }
  assert.equal((await failure(connect(URL_OF_WORKER, { idleTimeoutMs: -1 }))).code, 'InvalidArgument')
})
