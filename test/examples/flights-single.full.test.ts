import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLIGHTS, type RouteDelay } from '../../examples/flights/stages.js'
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
