import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Slice } from '../../src/base/slice.js'

/** Rows until the slice is over, and how often it looked at the clock, where a row takes `rowMs`. */
function turn(slice: Slice, clock: { ms: number; looks: number }, rowMs: number): { rows: number; looks: number } {
  const before = clock.looks
  slice.begin()
  for (let rows = 1; ; rows++) {
    clock.ms += rowMs
    if (slice.over()) return { rows, looks: clock.looks - before }
  }
}

function make(): { slice: Slice; clock: { ms: number; looks: number } } {
  const clock = { ms: 0, looks: 0 }
  const now = (): number => {
    clock.looks++
    return clock.ms
  }
  return { slice: new Slice({ now }, 2), clock }
}

test('a slice of cheap rows ends close to its time and looks at the clock rarely', () => {
  const { slice, clock } = make()
  turn(slice, clock, 0.001)
  const { rows, looks } = turn(slice, clock, 0.001)
  assert.ok(rows >= 2000 && rows <= 2064, String(rows))
  assert.ok(looks < rows / 20, String(looks))
})

test('a slice of costly rows ends after the first that passes its time', () => {
  const { slice, clock } = make()
  assert.equal(turn(slice, clock, 3).rows, 1)
  assert.equal(turn(slice, clock, 1.5).rows, 2)
})

test('costly rows behind cheap ones overrun at most one slice', () => {
  const { slice, clock } = make()
  turn(slice, clock, 0.001)
  assert.ok(turn(slice, clock, 0.115).rows <= 64)
  const { rows } = turn(slice, clock, 0.115)
  assert.ok(rows <= 20, String(rows))
})

test('a slice that is over stays over until it begins again', () => {
  const { slice, clock } = make()
  turn(slice, clock, 3)
  assert.equal(slice.over(), true)
  slice.begin()
  assert.equal(slice.over(), false)
})

test('a slice ends early when it is interrupted, which is asked at looks only', () => {
  let nowMs = 0
  const slice = new Slice({ now: () => nowMs }, 1)
  let asked = 0
  slice.interrupted = () => {
    asked++
    return asked === 3
  }
  slice.begin()
  let steps = 0
  while (!slice.over()) {
    steps++
    nowMs += 0.1
  }
  assert.equal(asked, 3)
  assert.equal(slice.looks, 3)
  assert.equal(slice.expired, true)
  assert.ok(steps < 9, 'the slice is not over by time')
})
