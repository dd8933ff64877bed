import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Row } from '../../src/columnar/schema.js'
import type { Cursor } from '../../src/flow/operators/cursor.js'
import { END, type PAUSE } from '../../src/flow/operators/cursor.js'
import type { OperatorPlan } from '../../src/flow/plan.js'
import { call, drain, hasty, pipeline, RowsCursor } from './support.js'

/** The rows of each key with their number in it; reads as many as the first one says. */
function* numbered(rows: Iterable<Row>): Generator<Row> {
  let at = 0
  let wanted = 0
  for (const row of rows) {
    if (at === 0) wanted = row.read as number
    if (at === wanted) return
    yield { ...row, at: at++ }
  }
}
/** One row for each key. */
function counted(rows: Iterable<Row>): Row[] {
  return [{ n: [...rows].length }]
}
function unread(): Row[] {
  return [{ n: 0 }]
}
let kept: Iterable<Row> | undefined
function* keeping(rows: Iterable<Row>): Generator<Row> {
  yield { late: [...(kept ?? [])].length, n: [...rows].length }
  kept = rows
}
function* failing(rows: Iterable<Row>): Generator<Row> {
  for (const row of rows) {
    if (row.k === 1) throw new Error('no ones')
    yield row
  }
}
function* catching(rows: Iterable<Row>): Generator<Row> {
  try {
    yield* rows
  } catch {
    yield { caught: true }
  }
}
let closed = 0
function* cleaning(rows: Iterable<Row>): Generator<Row> {
  try {
    yield* rows
  } finally {
    closed += [...rows].length === 0 ? 1 : 100
  }
}
const functions = { numbered, counted, unread, keeping, failing, catching, cleaning }

const sort: OperatorPlan = { op: 'sort', by: ['k', 't'].map((column) => ({ column, descending: false })) }
const perKey = (fn: unknown, more: object = {}): OperatorPlan => call('perKey', fn, { keys: ['k'], ...more })

function byKey(rows: readonly Row[]): Row[][] {
  const groups = new Map<unknown, Row[]>()
  for (const row of rows) groups.set(row.k ?? null, [...(groups.get(row.k ?? null) ?? []), row])
  return [...groups.values()].map((group) => group.sort((a, b) => (a.t as number) - (b.t as number)))
}

const someRows = fc
  .array(fc.record({ k: fc.option(fc.nat(4)), read: fc.nat(5) }), { maxLength: 40 })
  .map((rows) => rows.map((row, t) => ({ ...row, t: (t * 7) % 41 })))

test('each key has one call, whose rows come in order; rows that it leaves are left out', async () => {
  await fc.assert(
    fc.asyncProperty(someRows, fc.boolean(), async (rows, pauses) => {
      const cursor = await pipeline([sort, perKey(numbered)], new RowsCursor(rows, pauses), { functions, slice: hasty() })
      const expected = byKey(rows).flatMap((group) => [...numbered(group)])
      const order = (a: Row, b: Row) => Number(a.k ?? 9) - Number(b.k ?? 9) || Number(a.at) - Number(b.at)
      assert.deepEqual(drain(cursor).sort(order), expected.sort(order))
    }),
    { numRuns: 200 },
  )
})

test('a function that reads nothing, and one that gives an array', async () => {
  const rows = [1, 2, 2, 3, 3, 3].map((k, t) => ({ k, t }))
  for (const [fn, expected] of [[unread, [0, 0, 0]] as const, [counted, [1, 2, 3]] as const]) {
    const cursor = await pipeline([sort, perKey(fn)], new RowsCursor(rows), { functions })
    assert.deepEqual(
      drain(cursor).map(({ n }) => n),
      expected,
    )
  }
})

test('rows that are kept beyond the call have ended', async () => {
  const rows = [1, 2, 2].map((k, t) => ({ k, t }))
  const cursor = await pipeline([sort, perKey(keeping)], new RowsCursor(rows), { functions })
  assert.deepEqual(drain(cursor), [
    { late: 0, n: 1 },
    { late: 0, n: 2 },
  ])
})

test('a key whose function fails is left out where that is asked for, but for what it gave', async () => {
  const rows = [0, 0, 1, 1, 2].map((k, t) => ({ k, t }))
  const failed = await pipeline([sort, perKey(failing)], new RowsCursor(rows), { functions })
  assert.throws(() => drain(failed), { message: 'no ones', stage: 'failing' })
  let skipped = (): number => -1
  const cursor = await pipeline([sort, perKey(failing, { onError: 'skip' })], new RowsCursor(rows), {
    functions,
    skipped: (operator, skips) => {
      assert.equal(operator, 1)
      skipped = () => skips.count
    },
  })
  assert.deepEqual(
    drain(cursor).map(({ k }) => k),
    [0, 0, 2],
  )
  assert.equal(skipped(), 1)
})

/** Gives some rows, then throws. */
class BrokenCursor implements Cursor<Row> {
  readonly #rows = [0, 0, 0].map((k, t) => ({ k, t }))

  next(): Row | typeof END | typeof PAUSE {
    const row = this.#rows.pop()
    if (row === undefined) throw new Error('disk')
    return row
  }

  close(): void {}
}

test('an error of the rows themselves is none of the function: it can neither catch nor skip it', async () => {
  const { PerKeyCursor } = await import('../../src/flow/operators/per-key.js')
  const { StageContext } = await import('../../src/flow/operators/stage-call.js')
  const { environment } = await import('./support.js')
  for (const fn of [catching, numbered]) {
    const ctx = new StageContext(fn.name, {}, environment())
    const cursor = new PerKeyCursor(new BrokenCursor(), { stage: fn.name, fn, ctx }, (a, b) => a.k === b.k, hasty())
    assert.throws(() => drain(cursor), { message: 'disk' })
  }
})

test('closing runs the finally of the call under way, for which the rows have ended', async () => {
  closed = 0
  const input = new RowsCursor([0, 0, 0].map((k, t) => ({ k, t })))
  const cursor = await pipeline([sort, perKey(cleaning)], input, { functions })
  assert.notEqual(cursor.next(), END)
  cursor.close()
  assert.equal(closed, 1)
  assert.ok(input.closed > 0)
})
