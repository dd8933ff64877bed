import assert from 'node:assert/strict'
import { test } from 'node:test'
import { worstRoutesInOneThread } from '../../examples/flights/single.js'
import { FLIGHTS, MIN_FLIGHTS, type RouteDelay } from '../../examples/flights/stages.js'
import { fromColumns, VARIANTS } from '../../examples/flights/variants.js'

const byRoute = (routes: readonly RouteDelay[]): RouteDelay[] => [...routes].sort((a, b) => (a.route < b.route ? -1 : 1))

test('every way to group flights in one thread gives the same routes', async () => {
  const expected = byRoute(await fromColumns(FLIGHTS))
  assert.equal(
    expected.reduce((sum, route) => sum + route.flights, 0),
    3_000_000,
  )
  for (const [name, group] of Object.entries(VARIANTS)) assert.deepEqual(byRoute(await group(FLIGHTS)), expected, name)
})

test('the worst routes are busy and in order', async () => {
  const routes = await worstRoutesInOneThread(FLIGHTS)
  assert.ok(routes.every((route) => route.flights >= MIN_FLIGHTS))
  assert.ok(routes.every((route, index) => index === 0 || (routes[index - 1]?.mean ?? 0) >= (route.mean ?? 0)))
})
