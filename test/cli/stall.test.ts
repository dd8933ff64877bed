import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchStall } from '../../src/cli/stall.js'

function hold(durationMs: number): void {
  const until = performance.now() + durationMs
  while (performance.now() < until);
}

test('work that holds the thread is seen, from the first moment of the watch to the last', async () => {
  const watch = await watchStall()
  hold(40)
  const stallMs = await watch.stop()
  assert.ok(stallMs >= 35, String(stallMs))
})

test('what held the thread before the watch is not counted', async () => {
  hold(300)
  const watch = await watchStall()
  const stallMs = await watch.stop()
  assert.ok(stallMs < 250, String(stallMs))
})
