import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '../../src/index.js'
import { leaks } from '../../src/testing.js'
import { SIZES, TEXT } from './long-bytes.worker.js'

const URL_OF_WORKER = new URL('./long-bytes.worker.js', import.meta.url)
const ROUNDS = 15

/** What the next value should be. */
function* expected(): Generator<{ size: number; byte: number } | number | string | undefined> {
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, size] of SIZES.entries()) {
      yield { size, byte: round + at }
      if (at % 3 === 0) yield round
      if (at % 4 === 0) yield undefined
      if (at % 5 === 0) yield TEXT
    }
  }
}

function checkValue(value: unknown, wanted: unknown): void {
  if (!(value instanceof Uint8Array)) {
    assert.deepEqual(value, wanted)
    return
  }
  const { size, byte } = wanted as { size: number; byte: number }
  assert.equal(value.length, size)
  assert.ok(
    value.every((each) => each === byte),
    `${size} bytes are torn`,
  )
}

for (const workers of [0, 1]) {
  for (const ringBytes of [0x1000, 0x20_0000]) {
    test(`with reuse each value holds until the next is asked for (${workers} workers, rings of ${ringBytes})`, async () => {
      await using connection = await connect<typeof import('./long-bytes.worker.js')>(URL_OF_WORKER, { workers, ringBytes })
      const wanted = expected()
      const buffers = new Set<ArrayBufferLike>()
      let long = 0
      for await (const value of connection.api.reused({ rounds: ROUNDS }, { reuse: true })) {
        checkValue(value, wanted.next().value)
        if (!(value instanceof Uint8Array) || value.length <= 4096) continue
        long++
        buffers.add(value.buffer)
      }
      assert.equal(wanted.next().done, true)
      // The texts between take some of it for good.
      assert.ok(buffers.size < (3 * long) / 4, `${buffers.size} pieces of memory for ${long} values`)

      const again = expected()
      for await (const batch of connection.api.reused({ rounds: ROUNDS }, { reuse: true }).batches()) {
        for (const value of batch) checkValue(value, again.next().value)
      }
      assert.equal(again.next().done, true)
      assert.deepEqual(await leaks(connection), {})
    })
  }
}

test('with reuse, who transfers the memory of a value takes nothing from the next', async () => {
  await using connection = await connect<typeof import('./long-bytes.worker.js')>(URL_OF_WORKER, { workers: 1 })
  const wanted = expected()
  const kept: { value: unknown; wanted: unknown }[] = []
  for await (const value of connection.api.reused({ rounds: ROUNDS }, { reuse: true })) {
    const isLong = value instanceof Uint8Array && value.length > 4096
    const own = isLong ? structuredClone(value, { transfer: [value.buffer as ArrayBuffer] }) : undefined
    const next = wanted.next().value
    if (own === undefined) checkValue(value, next)
    else kept.push({ value: own, wanted: next })
  }
  for (const each of kept) checkValue(each.value, each.wanted)
})

test('with reuse, a value cannot go to who reads ahead', async () => {
  await using connection = await connect<typeof import('./long-bytes.worker.js')>(URL_OF_WORKER, { workers: 0 })
  const stream = connection.api.reused({ rounds: 1 }, { reuse: true })
  for (const method of ['toNode', 'toWeb'] as const) {
    assert.throws(() => stream[method](), { code: 'InvalidArgument', message: /without 'reuse'/ })
  }
  await stream.return()
})
