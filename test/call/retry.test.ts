import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CancelledError, PeerLostError } from '../../src/index.js'
import { collect, connected, failure } from '../support/connections.js'

type Worker = typeof import('./retry.worker.js')

const URL_OF_WORKER = new URL('./retry.worker.js', import.meta.url)
const retry = true

test('a call whose worker dies begins again at another, three times at most', async () => {
  for (const [dies, worker] of [
    [[1], 2],
    [[1, 2, 3], 4],
  ] as const) {
    await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => assert.equal(await api.answer({ dies }, { retry }), worker))
  }
  await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => {
    assert.ok((await failure(api.answer({ dies: [1, 2, 3, 4] }, { retry }))) instanceof PeerLostError)
    assert.ok((await failure(api.answer({ dies: [5] }))) instanceof PeerLostError, 'not where it was not asked for')
    assert.equal(await api.answer({ dies: [] }), 6)
  })
})

test('a stream begins again where nothing of it was read yet, and fails where something was', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => {
    const again = api.count({ dies: [1] }, { retry })
    assert.deepEqual(await collect(again), [99])
    assert.equal(await again.result, 2)
    const begun = api.count({ dies: [2], after: 2 }, { retry })
    assert.deepEqual(
      [await begun.next(), await begun.next()],
      [0, 1].map((value) => ({ value, done: false })),
    )
    assert.ok((await failure(begun.next())) instanceof PeerLostError)
    assert.deepEqual(await collect(api.count({ dies: [], after: 2 }, { retry })), [0, 1, 99])
  })
})

test('one that is cancelled, and one whose handler throws, does not begin again', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => {
    const controller = new AbortController()
    const waiting = failure(api.count({ dies: [1] }, { retry, signal: controller.signal }).next())
    controller.abort('enough')
    assert.ok((await waiting) instanceof CancelledError)
    assert.ok((await failure(api.fails(undefined, { retry }))) instanceof RangeError)
  })
})

test('a handler that is not marked, and an input with a stream, are refused', async () => {
  await connected<Worker>(URL_OF_WORKER, { workers: 0 }, async ({ api }) => {
    const unmarked = await failure(api.once({ dies: [] }, { retry }))
    assert.deepEqual(
      [unmarked.code, unmarked.message],
      ['InvalidArgument', 'retry: mark the handler with idempotent(once) where it may run more than once'],
    )
    async function* numbers(): AsyncGenerator<number> {
      yield 1
    }
    assert.match((await failure(api.read(numbers(), { retry }))).message, /^retry: the stream in the input of 'read' cannot be sent again/)
    assert.equal(await api.read(numbers()), 1)
  })
})
