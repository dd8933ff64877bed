import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Block } from '../../src/columnar/block.js'
import type { Row } from '../../src/columnar/schema.js'
import type { Ctx, LogRecord } from '../../src/flow/ctx.js'
import { CallWaits } from '../../src/flow/operators/call-waits.js'
import { type BlockCursor, END, PAUSE } from '../../src/flow/operators/cursor.js'
import type { SkippedRows } from '../../src/flow/operators/skipped-rows.js'
import type { Columns } from '../../src/flow/row-types.js'
import { call, drain, environment, pipeline, RowsCursor } from './support.js'

const numbers = (count: number): Row[] => Array.from({ length: count }, (_none, n) => ({ n }))

/** Calls of `waiting` that have not been answered: by n. */
const open = new Map<number, { answer(row: unknown): void; fail(error: Error): void; ctx: Ctx }>()
function waiting(row: Row, ctx: Ctx): Promise<unknown> {
  return new Promise((answer, fail) => open.set(row.n as number, { answer, fail, ctx }))
}
async function odd(row: Row): Promise<Row> {
  if ((row.n as number) % 2 === 0) throw new Error(`even ${row.n}`)
  return row
}
function throwsAtOnce(): Promise<Row> {
  throw new Error('at once')
}
function sums(rows: Row[]): Row[] {
  return [{ rows: rows.length, sum: rows.reduce((sum, { n }) => sum + (n as number), 0) }]
}
function refusesThrees(row: Row): Row {
  if ((row.n as number) % 3 === 0) throw new TypeError(`three ${row.n}`)
  return row
}
function* twiceOrThrow(row: Row): Generator<Row> {
  yield row
  if ((row.n as number) % 3 === 0) throw new Error('half')
  yield row
}
function keepsButThrees(row: Row): boolean {
  return refusesThrees(row) === row
}
function spins(row: Row): Row {
  while (row.n === 3);
  return row
}
async function spinsLater(row: Row): Promise<Row> {
  return spins(row)
}
function* spinsInside(row: Row): Generator<Row> {
  yield row
  while (row.n === 3);
}
function allOrNothing(rows: Row[]): Row[] {
  return rows.map(refusesThrees)
}
function doubled({ n }: Columns<{ n: number }>): { twice: Float64Array; of: number[] } {
  return { twice: Float64Array.from(n, (each) => 2 * each), of: Array.from(n, () => n.length) }
}
function whatever(columns: Columns<Row>): Columns<Row> {
  return columns
}
let result: unknown
function anything(): unknown {
  return result
}
function noThrees({ n }: Columns<{ n: number }>): { n: number[] } {
  return { n: Array.from(n, (each) => refusesThrees({ n: each }).n as number) }
}
const functions = {
  doubled,
  whatever,
  anything,
  noThrees,
  waiting,
  odd,
  throwsAtOnce,
  sums,
  refusesThrees,
  twiceOrThrow,
  keepsButThrees,
  spins,
  spinsLater,
  spinsInside,
  allOrNothing,
}

const ns = (rows: readonly Row[]): unknown[] => rows.map(({ n }) => n)

test('mapBatches calls with so many rows at once, fewer with the last, and not at all without any', async () => {
  for (const [count, expected] of [[0, []] as const, [3, [3]] as const, [4, [4]] as const, [9, [4, 4, 1]] as const]) {
    const cursor = await pipeline([call('mapBatches', sums, { rows: 4 })], new RowsCursor(numbers(count), true), { functions })
    assert.deepEqual(
      drain(cursor).map(({ rows }) => rows),
      expected,
    )
  }
})

test('mapColumns calls with the columns of so many rows, fewer with the last, and gives the rows of those it returns', async () => {
  for (const count of [0, 3, 4, 9]) {
    const cursor = await pipeline([call('mapColumns', doubled, { rows: 4 })], new RowsCursor(numbers(count), true), { functions })
    const calls = Array.from({ length: count }, (_none, n) => Math.min(4, count - 4 * Math.floor(n / 4)))
    assert.deepEqual(
      drain(cursor),
      numbers(count).map(({ n }, index) => ({ twice: 2 * (n as number), of: calls[index] })),
    )
  }
  const chained = [call('mapColumns', doubled, { rows: 4 }), call('mapColumns', whatever, { rows: 3 })]
  const cursor = await pipeline(chained, new RowsCursor(numbers(5)), { functions })
  assert.deepEqual(
    drain(cursor).map(({ of }) => of),
    [4, 4, 4, 4, 1],
  )
})

test('mapColumns: a column has null where a row has none, and one that is not looked at is not made', async () => {
  const rows = [{ n: 1 }, { n: 2, s: 'x' }]
  const cursor = await pipeline([call('mapColumns', whatever, { rows: 9 })], new RowsCursor(rows), { functions })
  assert.deepEqual(drain(cursor), [
    { n: 1, s: null },
    { n: 2, s: 'x' },
  ])
  const block = new Block(1, ['n', 'other'], (column) => (column === 0 ? [7] : assert.fail('nobody looks at it')))
  const blocks: BlockCursor = { next: () => END, nextBlock: () => (given++ === 0 ? block : END), close: () => {} }
  let given = 0
  const last = await pipeline([call('mapColumns', doubled, { rows: 9 })], blocks, { functions })
  assert.deepEqual(drain(last), [{ twice: 14, of: 1 }])
})

test('mapColumns: what is not columns of one length is refused; what it throws leaves out the rows of the call', async () => {
  for (const [out, shown] of [
    [{ a: [1], b: [1, 2] }, /columns: an array or typed array for each, all of one length, not \{ a: \[Array\], b: \[Array\] \}/],
    [{ a: 'text' }, /columns/],
    [{ a: new DataView(new ArrayBuffer(1)) }, /columns/],
    [{ a: 1 }, /columns/],
    [[1], /a plain object/],
  ] as const) {
    result = out
    const cursor = await pipeline([call('mapColumns', anything, { rows: 2 })], new RowsCursor(numbers(2)), { functions })
    assert.throws(() => drain(cursor), { code: 'StageResult', message: shown })
  }
  for (const none of [{}, { a: [] }]) {
    result = none
    assert.deepEqual(drain(await pipeline([call('mapColumns', anything, { rows: 2 })], new RowsCursor(numbers(5)), { functions })), [])
  }
  const cursor = await pipeline([call('mapColumns', noThrees, { rows: 2, onError: 'skip' })], new RowsCursor(numbers(7)), { functions })
  assert.deepEqual(ns(drain(cursor)), [4, 5])
})

test('mapAsync has so many calls under way, and gives rows in the order they came in', async () => {
  const waits = new CallWaits()
  const input = new RowsCursor(numbers(5))
  const cursor = await pipeline([call('mapAsync', waiting, { concurrency: 3 })], input, { functions, waits })
  assert.equal(cursor.next(), PAUSE)
  assert.deepEqual([...open.keys()], [0, 1, 2])
  assert.equal(waits.isFull, true)
  open.get(1)?.answer({ n: 'one' })
  await Promise.resolve()
  assert.equal(cursor.next(), PAUSE)
  assert.equal(input.taken, 3)
  const changed = waits.changed()
  open.get(0)?.answer({ n: 'zero' })
  await changed
  assert.equal(waits.isFull, false)
  assert.deepEqual([cursor.next(), cursor.next()], [{ n: 'zero' }, { n: 'one' }])
  assert.equal(cursor.next(), PAUSE)
  assert.deepEqual([...open.keys()], [0, 1, 2, 3, 4])
  for (const n of [2, 3, 4]) open.get(n)?.answer({ n })
  await Promise.resolve()
  assert.deepEqual(ns(drain(cursor)), [2, 3, 4])
  assert.equal(cursor.next(), END)
})

test('a call that goes on keeps the source of its row', async () => {
  open.clear()
  const location = { current: { file: 'a', offset: 0 }, splitId: 'a:0' }
  const cursor = await pipeline([call('mapAsync', waiting, { concurrency: 3 })], new RowsCursor(numbers(2), true), {
    functions,
    environment: environment({ location }),
  })
  cursor.next()
  cursor.next()
  location.current = { file: 'b', offset: 7 }
  cursor.next()
  assert.deepEqual(
    [open.get(0)?.ctx.source, open.get(1)?.ctx.source],
    [
      { file: 'a', offset: 0 },
      { file: 'b', offset: 7 },
    ],
  )
  assert.equal(open.get(0)?.ctx.splitId, 'a:0')
})

test('mapAsync: what fails ends the run with the source of its row, or is left out', async () => {
  const failed = await pipeline([call('mapAsync', odd, { concurrency: 2 })], new RowsCursor(numbers(4)), { functions })
  assert.equal(failed.next(), PAUSE)
  await Promise.resolve()
  assert.throws(() => failed.next(), { message: 'even 0', stage: 'odd' })
  const waits = new CallWaits()
  const cursor = await pipeline([call('mapAsync', odd, { concurrency: 2, onError: 'skip' })], new RowsCursor(numbers(6)), {
    functions,
    waits,
  })
  const rows: Row[] = []
  for (let row = cursor.next(); row !== END; row = cursor.next()) {
    if (row === PAUSE) await waits.changed()
    else rows.push(row)
  }
  assert.deepEqual(ns(rows), [1, 3, 5])
  const atOnce = await pipeline([call('mapAsync', throwsAtOnce, { concurrency: 2 })], new RowsCursor(numbers(1)), { functions })
  assert.throws(() => atOnce.next(), { message: 'at once', stage: 'throwsAtOnce' })
})

test("mapAsync: what is under way at close is dropped, and its error is nobody's", async () => {
  open.clear()
  const waits = new CallWaits()
  const cursor = await pipeline([call('mapAsync', waiting, { concurrency: 2 })], new RowsCursor(numbers(4)), { functions, waits })
  cursor.next()
  const changed = waits.changed()
  cursor.close()
  await changed
  open.get(0)?.fail(new Error('late'))
  await Promise.resolve()
  assert.equal(cursor.next(), END)
})

test('rows for which a function fails are left out, counted and logged', async () => {
  const logged: LogRecord[] = []
  const cases = [
    ['map', refusesThrees, [1, 2, 4, 5]],
    ['filter', keepsButThrees, [1, 2, 4, 5]],
    ['flatMap', twiceOrThrow, [0, 1, 1, 2, 2, 3, 4, 4, 5, 5]],
  ] as const
  for (const [op, fn, expected] of cases) {
    const skips: SkippedRows[] = []
    const cursor = await pipeline([call(op, fn, { onError: 'skip' })], new RowsCursor(numbers(6)), {
      functions,
      environment: environment({ log: (record) => logged.push(record) }),
      skipped: (_operator, rows) => skips.push(rows),
    })
    assert.deepEqual(ns(drain(cursor)), expected)
    assert.deepEqual(
      skips.map(({ count }) => count),
      [2],
    )
  }
  assert.equal(logged.length, 6)
  assert.deepEqual(logged[0].object, { skipped: 'TypeError: three 0' })
})

test('more failing rows than allowed end the run, with the last one as the cause', async () => {
  const cursor = await pipeline([call('map', refusesThrees, { onError: 'skip', maxErrors: 1 })], new RowsCursor(numbers(6)), { functions })
  assert.throws(
    () => drain(cursor),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'TooManyErrors')
      assert.equal((error.cause as Error).message, 'three 3')
      return true
    },
  )
})

test('a batch of which one row fails is left out as a whole', async () => {
  const cursor = await pipeline([call('mapBatches', allOrNothing, { rows: 2, onError: 'skip' })], new RowsCursor(numbers(6)), { functions })
  assert.deepEqual(ns(drain(cursor)), [4, 5])
})

test('a call without end is interrupted, and names its row', async () => {
  const location = { current: { file: 'a', offset: 3 } }
  for (const [op, fn, before] of [['map', spins, 3] as const, ['flatMap', spinsInside, 4] as const]) {
    const failed = await pipeline([call(op, fn, { timeoutMs: 150 })], new RowsCursor(numbers(6)), {
      functions,
      environment: environment({ location }),
    })
    for (let n = 0; n < before; n++) failed.next()
    assert.throws(() => failed.next(), { code: 'StageTimeout', stage: fn.name, file: 'a', offset: 3 })
    const skipping = await pipeline([call(op, fn, { timeoutMs: 150, onError: 'skip' })], new RowsCursor(numbers(6)), { functions })
    assert.deepEqual(ns(drain(skipping)), op === 'map' ? [0, 1, 2, 4, 5] : [0, 1, 2, 3, 4, 5])
  }
  const later = await pipeline([call('mapAsync', spinsLater, { concurrency: 6, timeoutMs: 150 })], new RowsCursor(numbers(6)), {
    functions,
  })
  assert.equal(later.next(), PAUSE)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(ns([later.next(), later.next(), later.next()] as Row[]), [0, 1, 2])
  assert.throws(() => later.next(), { code: 'StageTimeout', stage: 'spinsLater' })
})
