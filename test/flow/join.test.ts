import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from '../../src/columnar/schema.js'
import { type Cursor, END, PAUSE } from '../../src/flow/operators/cursor.js'
import type { JoinKind, OperatorPlan } from '../../src/flow/plan.js'
import { pipeline } from './support.js'

/** Rows that come one by one with a pause before each, and what was done with them. */
class Given implements Cursor<Row> {
  taken = 0
  isClosed = false
  private isDue = false

  constructor(private readonly rows: readonly Row[]) {}

  next(): Row | typeof END | typeof PAUSE {
    if (this.isClosed) return END
    this.isDue = !this.isDue
    if (this.isDue) return PAUSE
    return this.rows[this.taken++] ?? END
  }

  close(): void {
    this.isClosed = true
  }
}

interface Joined {
  readonly rows: Row[]
  readonly left: Given
  readonly right: Given
}

interface Terms {
  readonly kind?: JoinKind
  readonly keys?: readonly string[]
  readonly rightKeys?: readonly string[]
  readonly suffix?: string
  readonly budgetBytes?: number
}

async function join(leftRows: readonly Row[], rightRows: readonly Row[], terms: Terms = {}): Promise<Joined> {
  const { kind = 'inner', keys = ['k'], rightKeys = keys, suffix = '', budgetBytes = 1e6 } = terms
  const [left, right] = [new Given(leftRows), new Given(rightRows)]
  const operators: OperatorPlan[] = [{ op: 'join', kind, right: 1, keys, rightKeys, suffix }]
  const cursor = await pipeline(operators, left, {
    budgetBytes,
    right: (sender) => {
      assert.equal(sender, 1)
      return right
    },
  })
  const rows: Row[] = []
  for (let row = cursor.next(); row !== END; row = cursor.next()) if (row !== PAUSE) rows.push(row)
  cursor.close()
  assert.ok(left.isClosed && right.isClosed)
  return { rows, left, right }
}

const LEFT = [{ k: 1, a: 'one' }, { k: 2, a: 'two' }, { k: null, a: 'null' }, { a: 'missing' }, { k: 3, a: 'three' }]
const RIGHT = [{ k: 2, b: 'zwei' }, { k: null, b: 'nichts' }, { k: 1, b: 'eins' }, { b: 'fehlt' }, { k: 2, b: 'due', c: true }]

test('an inner join gives each left row with each right row of its key; a null is equal to nothing', async () => {
  const { rows } = await join(LEFT, RIGHT)
  assert.deepEqual(rows, [
    { k: 1, a: 'one', b: 'eins', c: null },
    { k: 2, a: 'two', b: 'zwei', c: null },
    { k: 2, a: 'two', b: 'due', c: true },
  ])
})

test('a left join keeps rows without a match, with nulls', async () => {
  const { rows } = await join(LEFT, RIGHT, { kind: 'left' })
  assert.deepEqual(
    rows.map(({ a, b }) => [a, b]),
    [
      ['one', 'eins'],
      ['two', 'zwei'],
      ['two', 'due'],
      ['null', null],
      ['missing', null],
      ['three', null],
    ],
  )
})

test('semi and anti joins give rows that have a match, or none, once and as they were', async () => {
  assert.deepEqual((await join(LEFT, RIGHT, { kind: 'semi' })).rows, LEFT.slice(0, 2))
  assert.deepEqual((await join(LEFT, RIGHT, { kind: 'anti' })).rows, LEFT.slice(2))
})

test('keys may be several, of other names, and of any type that a key can have', async () => {
  const at = new Date(5)
  const left = [
    { x: 'a', y: at, z: 5n },
    { x: 'a', y: new Date(6), z: 5n },
  ]
  const right = [{ u: 'a', v: new Date(5), w: 5n, d: 1 }]
  const { rows } = await join(left, right, { keys: ['x', 'y', 'z'], rightKeys: ['u', 'v', 'w'] })
  assert.deepEqual(rows, [{ x: 'a', y: at, z: 5n, d: 1 }])
})

test('where no right row has a key, an inner or a semi join reads no left row', async () => {
  for (const kind of ['inner', 'semi'] as const) {
    const { rows, left } = await join(LEFT, [{ k: null, b: 'x' }], { kind })
    assert.deepEqual([rows, left.taken, left.isClosed], [[], 0, true])
  }
  assert.equal((await join(LEFT, [], { kind: 'anti' })).rows.length, 5)
  assert.equal((await join(LEFT, [], { kind: 'left' })).rows.length, 5)
})

test('a column of both sides, keys of different types and too many right rows are errors that say where', async () => {
  const clash = join([{ k: 1, b: 1 }], RIGHT)
  await assert.rejects(clash, { code: 'ColumnClash', message: /^stage 3 inner join on k: both sides have a column "b": give a suffix/ })
  assert.deepEqual((await join([{ k: 1, b: 1 }], RIGHT, { suffix: '2' })).rows, [{ k: 1, b: 1, b2: 'eins', c2: null }])
  await assert.rejects(join([{ k: 1, b2: 1 }], RIGHT, { suffix: '2' }), { code: 'ColumnClash', message: /give another suffix/ })
  await assert.rejects(join([{ k: '1' }], RIGHT), {
    code: 'ColumnType',
    message: /the key "k" is a string on the left, and "k" is a number on the right: they are never equal/,
  })
  const many = Array.from({ length: 1000 }, (_none, k) => ({ k, text: 'some text' }))
  for (const kind of ['inner', 'semi'] as const) {
    await assert.rejects(join(LEFT, many, { kind, budgetBytes: 20_000 }), {
      code: 'OperatorBudget',
      message: /^stage 3 (inner|semi) join on k keeps about \d+ bytes, more than its budget of 20000/,
    })
  }
})
