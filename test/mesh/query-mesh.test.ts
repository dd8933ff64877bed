import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PeerLostError, SessionEndedError } from '../../src/index.js'
import type { QueryMesh } from '../../src/mesh/query-mesh.js'
import type { Inbound } from '../../src/stream/inbound.js'
import { failure } from '../support/connections.js'
import { assertUses, usedBytes } from '../support/garbage.js'
import { withPool } from '../support/test-pool.js'
import { message, streamId } from '../support/test-source.js'
import { FORWARDED } from './peer.worker.js'

const FULL = process.env.MILLRACE_FULL === '1'

/** Asks for the rows of every worker. */
function request(mesh: QueryMesh, workers: number): Inbound[] {
  return Array.from({ length: workers }, (_, index) => mesh.session.request(streamId(FORWARDED, index + 1), { delivery: 'flows' }))
}

async function readAll(stream: Inbound, max = Number.POSITIVE_INFINITY): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  while (all.length < max) {
    const next = await stream.next()
    if (next === undefined) break
    all.push(next)
  }
  return all
}

function assertMessages(got: readonly Uint8Array[], count: number, bytes: number): void {
  assert.equal(got.length, count)
  for (const [number, each] of got.entries()) assert.deepEqual(each, message(bytes, number))
}

for (const workers of FULL ? [0, 1, 3] : [0, 3]) {
  for (const ringBytes of FULL ? [undefined, 4096] : [workers === 0 ? undefined : 4096]) {
    describe(`queries of ${workers} workers, rings of ${ringBytes ?? 'the default size'}`, () => {
      const members = Array.from({ length: Math.max(1, workers) }, (_, index) => index + 1)

      test('rows go from worker to worker to the leader, in several queries at once that end in any order', async () => {
        await withPool(workers, { ringBytes }, async (pool) => {
          const meshes = Array.from({ length: 4 }, () => pool.query(members, { messages: 50, bytes: 900 }))
          const reads = meshes.map((mesh) => Promise.all(request(mesh, members.length).map((stream) => readAll(stream))))
          for (const read of reads) for (const got of await read) assertMessages(got, 50, 900)
          await Promise.all([meshes[2], meshes[0], meshes[3], meshes[1]].map((mesh) => mesh.session.end()))
        })
      })

      test('a query is dropped before it is read, in the middle, and with a reader that waits', async () => {
        await withPool(workers, { ringBytes }, async (pool) => {
          const unread = pool.query(members, { messages: 1e4, bytes: 100 })
          const half = pool.query(members, { messages: 1e4, bytes: 3000 })
          const waiting = pool.query(members, { messages: 1e4, bytes: 100 })
          const [first] = request(half, members.length)
          assertMessages(await readAll(first, 7), 7, 3000)
          const [stream] = request(waiting, members.length)
          const read = failure(readAll(stream))
          await waiting.session.end()
          assert.ok((await read) instanceof SessionEndedError)
          await Promise.all([unread.session.end(), half.session.end()])
          const after = pool.query(members, { messages: 3, bytes: 8 })
          for (const got of await Promise.all(request(after, members.length).map((each) => readAll(each)))) assertMessages(got, 3, 8)
          await after.session.end()
        })
      })

      if (workers > 0) {
        test('a worker that dies in the middle fails the queries it takes part in, and no other', async () => {
          await withPool(workers + 1, { ringBytes }, async (pool) => {
            const other = pool.query([workers + 1], { messages: 2000, bytes: 500 })
            const [others] = request(other, 1)
            assertMessages(await readAll(others, 3), 3, 500)
            const mesh = pool.query(members, { messages: 100, bytes: 500, dies: workers })
            const reads = request(mesh, workers).map((stream) =>
              readAll(stream).then(
                () => 'read',
                (error) => error,
              ),
            )
            const results = await Promise.all(reads)
            assert.ok(results.some((result) => result instanceof PeerLostError))
            for (const result of results) assert.ok(result === 'read' || result instanceof PeerLostError, String(result))
            await mesh.session.end()
            assert.equal((await readAll(others)).length, 1997)
            await other.session.end()
            assert.throws(() => pool.query([workers], { messages: 1, bytes: 1 }), PeerLostError)
            await pool.pool.allReady()
            const fresh = pool.pool.ready.map(({ id }) => id)
            assert.ok(!fresh.includes(workers as never))
            const again = pool.query(fresh, { messages: 5, bytes: 50 })
            for (const got of await Promise.all(request(again, fresh.length).map((each) => readAll(each)))) assertMessages(got, 5, 50)
            await again.session.end()
          })
        })
      }
    })
  }
}

test(`${FULL ? 'a thousand' : 'hundreds of'} queries, one after the other and several at once, leave nothing`, async () => {
  await withPool(2, { ringBytes: 4096 }, async (pool) => {
    const queries = async (count: number) => {
      const one = async (number: number) => {
        const mesh = pool.query([1, 2], { messages: 3, bytes: 100 })
        if (number % 3 !== 0) await Promise.all(request(mesh, 2).map((stream) => readAll(stream, number % 5 === 0 ? 1 : undefined)))
        await mesh.session.end()
      }
      for (let done = 0; done < count; done += 10) await Promise.all(Array.from({ length: 10 }, (_, index) => one(done + index)))
      await pool.assertNoLeaks()
    }
    await queries(FULL ? 200 : 100)
    await pool.collectGarbage()
    const before = usedBytes()
    await queries(FULL ? 800 : 200)
    await assertUses(before + 4_000_000, () => pool.collectGarbage())
  })
})
