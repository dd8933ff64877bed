import assert from 'node:assert/strict'
import { test } from 'node:test'
import { worstRoutesInOneThread } from '../../examples/flights/single.js'
import { FLIGHTS, MIN_FLIGHTS } from '../../examples/flights/stages.js'

test('the worst routes are busy and in order', async () => {
  const routes = await worstRoutesInOneThread(FLIGHTS)
  assert.ok(routes.every((route) => route.flights >= MIN_FLIGHTS))
  assert.ok(routes.every((route, index) => index === 0 || (routes[index - 1]?.mean ?? 0) >= (route.mean ?? 0)))
})
