import assert from 'node:assert/strict'
import { test } from 'node:test'
import { worstRoutesInOneThread } from '../../examples/flights/single.js'
import worstRoutes, { FLIGHTS } from '../../examples/flights/stages.js'
import { equalsOneThread } from './support.js'

equalsOneThread('routes of all flights', worstRoutes, () => worstRoutesInOneThread(FLIGHTS))

test('a limit gives the beginning of the full order', async () => {
  const rows = await worstRoutes.limit(10).run({ workers: 2 }).collect()
  assert.deepEqual(rows, (await worstRoutesInOneThread(FLIGHTS)).slice(0, 10))
})
