import assert from 'node:assert/strict'
import { test } from 'node:test'
import { worstRoutesInOneThread } from '../../examples/flights/single.js'
import worstRoutes, { FLIGHTS } from '../../examples/flights/stages.js'
import { LIMITS } from '../../src/base/limits.js'

const expected = worstRoutesInOneThread(FLIGHTS)

test('the worst routes with 2 workers and the smallest rings equal the program of one thread', async () => {
  const rows = await worstRoutes.run({ workers: 2, ringBytes: LIMITS.ringBytesMin }).collect()
  assert.deepEqual(rows, await expected)
})

test('a limit gives the beginning of the full order', async () => {
  const rows = await worstRoutes.limit(10).run({ workers: 2 }).collect()
  assert.deepEqual(rows, (await expected).slice(0, 10))
})
