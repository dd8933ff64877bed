import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { participantId } from '../../src/base/ids.js'
import { encodeInput } from '../../src/call/input.js'
import { PeerLostError, SessionEndedError } from '../../src/index.js'
import type { WorkerSide } from '../../src/mesh/worker-side.js'
import { failure, until } from '../support/connections.js'
import { assertUses, usedBytes } from '../support/garbage.js'
import { useOwnTemporaryFolder } from '../support/own-temporary-folder.js'
import { tick } from '../support/test-loop.js'
import { TestPool, withPool } from '../support/test-pool.js'
import { servePeer } from './peer.worker.js'

interface Pulled {
  readonly bytes: number
}

const folder = useOwnTemporaryFolder()

const FULL = process.env.MILLRACE_FULL === '1'

/** Positions near 2^32, so that rings wrap early. */
const ringPosition = 2 ** 32 - 4096

const DEFAULT_CLOSE_TIMEOUT_MS = 5000

/** Blocks this thread until `path` is there, or a minute has passed: whether it is there. */
function blockUntil(path: string): boolean {
  const until = performance.now() + 60_000
  while (!existsSync(path) && performance.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  return existsSync(path)
}

for (const [ringBytes, blocks] of [[undefined, 50] as const, [4096, 20] as const]) {
  test(`workers exchange megabytes while the leader is blocked, over rings of ${ringBytes ?? 'the default size'}`, async () => {
    await withPool(2, { ringBytes, ringPosition }, async (pool) => {
      const { session } = pool.pool
      await pool.call(1, 'link', { peer: 2 })
      const published = session.publishedBytes(participantId(1))
      const marker = join(folder, `${ringBytes}`)
      const pulled = pool.call<Pulled>(1, 'pull', { peer: 2, blocks, bytes: 60_000, marker })
      await until(() => session.publishedBytes(participantId(1)) > published, 'the CALL was not published')
      assert.ok(blockUntil(marker), 'the exchange did not end while the leader was blocked')
      const { bytes } = await pulled
      assert.equal(bytes, blocks * 60_000)
      const first = await pool.call<Record<string, number>>(1, 'published')
      const second = await pool.call<Record<string, number>>(2, 'published')
      assert.ok(second[1] > bytes)
      assert.ok(first[2] < 1000, `${first[2]} bytes from worker 1 to worker 2`)
      for (const toLeader of [first[0], second[0]]) assert.ok(toLeader < 1000, `${toLeader} bytes to the leader`)
      for (const worker of [1, 2]) assert.ok(session.publishedBytes(participantId(worker)) < 1000)
    })
  })
}

test('the links of a mesh of eight workers are made without touching their rings', async () => {
  // In a process of its own: memory that was used before is cleared when it is used again.
  const program = fileURLToPath(new URL('./fixtures/eight-workers.js', import.meta.url))
  const { links, bytes, residentBytes } = JSON.parse((await promisify(execFile)(process.execPath, [program])).stdout)
  assert.equal(links, 36)
  assert.ok(bytes > 36 * 2 * 0x20_0000)
  assert.ok(residentBytes < bytes / 4, `${residentBytes} bytes of ${bytes} are resident`)
})

test('a link is made once, whoever asks first and how often', async () => {
  await withPool(3, {}, async (pool) => {
    const asked = [1, 2, 3].flatMap((worker) =>
      [1, 2, 3].filter((peer) => peer !== worker).flatMap((peer) => [0, 1].map(() => pool.call(worker, 'link', { peer }))),
    )
    await Promise.all(asked)
    const pulls = [1, 2, 3].flatMap((worker) => [1, 2, 3].map((peer) => ({ worker, peer })))
    const all = await Promise.all(pulls.map(({ worker, peer }) => pool.call<Pulled>(worker, 'pull', { peer, blocks: 10, bytes: 20_000 })))
    for (const { bytes } of all) assert.equal(bytes, 200_000)
    await pool.call(1, 'link', { peer: 0 })
  })
})

test('a link to who is gone is refused, before and after it was used', async () => {
  await withPool(2, {}, async (pool) => {
    await pool.call(1, 'pull', { peer: 2, blocks: 1, bytes: 1 })
    assert.ok((await failure(pool.call(2, 'die'))) instanceof PeerLostError)
    assert.ok((await failure(pool.call(1, 'link', { peer: 2 }))) instanceof PeerLostError)
    assert.ok((await failure(pool.call(1, 'pull', { peer: 2, blocks: 1, bytes: 1 }))) instanceof PeerLostError)
    assert.ok((await failure(pool.call(1, 'link', { peer: 77 }))) instanceof PeerLostError)
    await pool.pool.allReady()
    assert.equal((await pool.call<Pulled>(1, 'pull', { peer: 3, blocks: 5, bytes: 50_000 })).bytes, 250_000)
    assert.equal((await pool.call<Pulled>(3, 'pull', { peer: 1, blocks: 5, bytes: 50_000 })).bytes, 250_000)
  })
})

test('a worker that dies while another reads from it fails that call with PeerLost', async () => {
  await withPool(2, {}, async (pool) => {
    const pulled = failure(pool.call(1, 'pull', { peer: 2, blocks: 1e9, bytes: 1000 }))
    await until(async () => (await pool.call<Record<string, number>>(2, 'published'))[1] > 100_000, 'nothing was sent')
    await failure(pool.call(2, 'die'))
    assert.ok((await pulled) instanceof PeerLostError)
  })
})

test('a link that is asked for once the pool is closed is refused', async () => {
  let side: WorkerSide | undefined
  const pool = new TestPool(0, {
    inline: (its) => {
      side = its
      servePeer(its)
    },
  })
  await pool.pool.allReady()
  const pending = failure((side as WorkerSide).linkTo(participantId(9)))
  const closed = pool.pool.close()
  assert.ok((await pending) instanceof SessionEndedError)
  await closed
  assert.ok((await failure((side as WorkerSide).linkTo(participantId(9)))) instanceof SessionEndedError)
  await pool.end()
})

test('a handler that asks for a link while the pool closes does not keep it from closing', async () => {
  const pool = new TestPool(2, { closeTimeoutMs: 600_000 })
  await pool.pool.allReady()
  const late = failure(pool.call(1, 'late', { peer: 2 }))
  for (let turn = 0; turn < 20; turn++) await tick()
  await pool.end()
  assert.ok((await late) instanceof SessionEndedError)
})

test('a pool that is closed while it starts rejects whoever waits for it', async () => {
  for (const workers of [0, 1, 3]) {
    const pool = new TestPool(workers)
    const ready = failure(pool.pool.allReady())
    await pool.end()
    assert.ok((await ready) instanceof SessionEndedError)
    assert.ok((await failure(pool.pool.anyReady())) instanceof SessionEndedError)
    assert.throws(() => pool.query([1], { messages: 1, bytes: 1 }), SessionEndedError)
  }
})

test('a worker whose word lies unread when its time is up is not given up', async () => {
  const clock = {
    now: () => 0,
    schedule: (callback: () => void) => {
      queueMicrotask(callback)
      return () => {}
    },
  }
  const inline = (side: WorkerSide) => void setImmediate(() => servePeer(side))
  await withPool(0, { clock, inline }, async ({ pool }) => {
    const [worker] = await pool.allReady()
    await tick()
    assert.equal(worker.state, 'ready')
  })
})

test('a pool closes within its deadline although a worker in the midst of a query is stuck', async () => {
  const pool = new TestPool(2, { closeTimeoutMs: 50 })
  await pool.pool.allReady()
  pool.query([1, 2], { messages: 10, bytes: 10 })
  const stuck = failure(pool.call(1, 'spin'))
  for (let turn = 0; turn < 20; turn++) await tick()
  const began = performance.now()
  await pool.end()
  assert.ok(performance.now() - began < DEFAULT_CLOSE_TIMEOUT_MS)
  assert.ok((await stuck) instanceof SessionEndedError)
})

test('a worker that breaks the protocol is replaced, and what it had open fails', async () => {
  await withPool(1, {}, async (pool) => {
    const other = failure(pool.call(1, 'wait'))
    const wrong = failure(pool.client.call(participantId(1), 99, encodeInput(undefined)).next())
    assert.equal((await wrong).code, 'Protocol')
    assert.equal((await other).code, 'Protocol')
    await until(() => pool.pool.ready[0]?.id === 2, 'it was not replaced')
    assert.equal((await pool.call<Pulled>(2, 'pull', { peer: 2, blocks: 2, bytes: 10 })).bytes, 20)
  })
})

test('the memory of workers that died is let go', async () => {
  await withPool(2, {}, async (pool) => {
    const dieInTurn = async (deaths: number) => {
      for (let n = 0; n < deaths; n++) {
        const [first, second] = pool.pool.ready
        await pool.call(first.id, 'link', { peer: second.id })
        await failure(pool.call(second.id, 'die'))
        await pool.pool.allReady()
      }
    }
    await dieInTurn(FULL ? 3 : 2)
    const before = usedBytes()
    await dieInTurn(FULL ? 6 : 3)
    await assertUses(before + 4_000_000, () => pool.collectGarbage())
    const held = (await pool.pool.census()).get(pool.pool.ready[0].id)
    assert.deepEqual(held, {})
  })
})
