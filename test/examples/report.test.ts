import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measured } from '../../examples/support/measured.js'
import { comparison, summary, table } from '../../examples/support/report.js'

const run = <T>(result: T, elapsedMs: number) => ({ result, elapsedMs, stallMs: 1.25 })

test('a table has texts left, numbers right', () => {
  assert.equal(
    table([
      { pair: 'of the', n: 1234 },
      { pair: 'in', n: 5 },
    ]),
    'pair        n\nof the  1,234\nin          5',
  )
})

test('the summary says rows, workers, seconds and the stall', () => {
  const stats = { workers: 2, rowsIn: 1000, rowsOut: 3 }
  assert.equal(summary(stats, run([], 1500)), '1,000 rows in, 3 rows out, 2 workers, 1.50 s, longest stall of the main thread 1.3 ms')
})

test('equal answers are compared by their times', () => {
  const text = comparison(run([{ n: 1 }], 500), run([{ n: 1 }], 1000))
  assert.match(text, /one thread: 1\.00 s.*same 1 rows.*\n.*0\.50 times as long \(2\.00 times as fast\)/)
})

test('answers that differ, or are not equally long, are an error that shows the first difference', () => {
  assert.throws(() => comparison(run([{ n: 1 }], 1), run([{ n: 2 }], 1)), /row 0: one thread has \{"n":2\}, the flow \{"n":1\}/)
  assert.throws(() => comparison(run([{ n: 1 }, { n: 3 }], 1), run([{ n: 1 }], 1)), /row 1: one thread has undefined, the flow \{"n":3\}/)
  assert.throws(() => comparison(run([], 1), run([{ n: 1 }], 1)), /row 0/)
})

test('work that holds the thread is a stall about as long as it took', async () => {
  const { result, elapsedMs, stallMs } = await measured(() => {
    const until = performance.now() + 30
    while (performance.now() < until);
    return 'done'
  })
  assert.equal(result, 'done')
  assert.ok(elapsedMs >= 30 && stallMs >= 25, `${elapsedMs} ${stallMs}`)
})
