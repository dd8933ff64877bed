import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareValues } from '../../src/columnar/order.js'
import type { Row } from '../../src/columnar/schema.js'
import { Spill } from '../../src/exchange/spill.js'
import { createSpillFolder } from '../../src/exchange/spill-folder.js'
import type { AggregatePlan, OperatorPlan } from '../../src/flow/plan.js'
import { useOwnTemporaryFolder } from '../support/own-temporary-folder.js'
import { drain, hasty, pipeline, RowsCursor } from './support.js'

const folder = useOwnTemporaryFolder()

const AGGREGATES: AggregatePlan[] = [
  { as: 'n', fn: 'count' },
  { as: 'total', fn: 'sum', column: 'v' },
  { as: 'mean', fn: 'avg', column: 'v' },
  { as: 'lo', fn: 'min', column: 'v' },
  { as: 'hi', fn: 'max', column: 'v' },
]

function group(op: 'groupPartial' | 'groupFinal', keys: string[], aggregates = AGGREGATES): OperatorPlan {
  return { op, keys, aggregates }
}

/** Partial over several shares of the rows, final over all that they send. */
async function grouped(
  rows: Row[],
  keys: string[],
  options: { aggregates?: AggregatePlan[]; shares?: number; budgetBytes?: number } = {},
): Promise<Row[]> {
  const { aggregates = AGGREGATES, shares = 3, budgetBytes = 1e9 } = options
  const sent: Row[] = []
  for (let share = 0; share < shares; share++) {
    const slice = hasty()
    const input = new RowsCursor(
      rows.filter((_, i) => i % shares === share),
      true,
    )
    const cursor = await pipeline([group('groupPartial', keys, aggregates)], input, { budgetBytes, slice })
    sent.push(...drain(cursor, () => slice.begin()))
  }
  return drain(await pipeline([group('groupFinal', keys, aggregates)], new RowsCursor(sent)))
}

/** Plain JavaScript. */
function oracle(rows: Row[]): Row[] {
  return [...byKey(rows).values()].map((members) => {
    const values = members.map((row) => row.v as number | null | undefined).filter((v) => v !== null && v !== undefined)
    const total = values.length === 0 ? null : values.reduce((a, b) => a + b, 0)
    return {
      k: members[0].k ?? null,
      n: members.length,
      total,
      mean: total === null ? null : total / values.length,
      lo: values.length === 0 ? null : Math.min(...values),
      hi: values.length === 0 ? null : Math.max(...values),
    }
  })
}

function byKey(rows: Row[]): Map<unknown, Row[]> {
  const groups = new Map<unknown, Row[]>()
  for (const row of rows) {
    const key = row.k ?? null
    const members = groups.get(key)
    if (members === undefined) groups.set(key, [row])
    else members.push(row)
  }
  return groups
}

function sorted(rows: Row[]): Row[] {
  return rows
    .map((row) => [JSON.stringify([typeof row.k, row.k]), row] as const)
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .map(([, row]) => row)
}

const KEY = fc.constantFrom<unknown>('a', 'b', '', 'ü\0x', '\0', 1, 2, true, null, undefined, 'null', '1')
const VALUE = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constantFrom(null, undefined))

for (const [name, budgetBytes] of [
  ['with room for all groups', 1e9],
  ['when every partial table overflows all the time', 1],
] as const) {
  test(`a groupBy over three shares equals plain JavaScript ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ k: KEY, v: VALUE }), { maxLength: 80 }), async (rows) => {
        assert.deepEqual(sorted(await grouped(rows, ['k'], { budgetBytes })), sorted(oracle(rows)))
      }),
    )
  })
}

test('several keys form one group per combination, and never run into each other', async () => {
  const rows = [{ a: 'x', b: 'y:z' }, { a: 'x:y', b: 'z' }, { a: '1', b: null }, { a: 1, b: null }, { a: 1n }, { a: 'x', b: 'y:z' }]
  const result = await grouped(rows, ['a', 'b'], { aggregates: [{ as: 'n', fn: 'count' }] })
  assert.deepEqual(
    new Set(result.map((row) => [row.a, row.b, row.n])),
    new Set([
      ['x', 'y:z', 2],
      ['x:y', 'z', 1],
      ['1', null, 1],
      [1, null, 1],
      [1n, null, 1],
    ]),
  )
})

test('a group without values has null for sum, avg, min and max, and counts its rows', async () => {
  assert.deepEqual(await grouped([{ k: 1, v: null }, { k: 1 }], ['k']), [{ k: 1, n: 2, total: null, mean: null, lo: null, hi: null }])
})

test('no rows give no groups, and no aggregates the distinct keys', async () => {
  assert.deepEqual(await grouped([], ['k']), [])
  assert.deepEqual(await grouped([{ k: 1 }, { k: 1 }], ['k'], { aggregates: [] }), [{ k: 1 }])
})

test('float sums are compensated over partial and final halves', async () => {
  const rows = [1, 1e100, 1, -1e100, ...Array.from({ length: 996 }, () => 0.1)].map((v) => ({ k: 0, v }))
  const [row] = await grouped(rows, ['k'], { shares: 1, budgetBytes: 1 })
  assert.ok(Math.abs((row.total as number) - 101.6) < 1e-12, String(row.total))
})

test('sums of infinities and NaN are what plain addition gives', async () => {
  const sum = async (...values: number[]) =>
    (
      await grouped(
        values.map((v) => ({ k: 0, v })),
        ['k'],
        { shares: 2 },
      )
    )[0].total
  assert.equal(await sum(1, Number.POSITIVE_INFINITY, 2), Number.POSITIVE_INFINITY)
  assert.equal(await sum(Number.NEGATIVE_INFINITY, 1), Number.NEGATIVE_INFINITY)
  assert.equal(await sum(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY), Number.NaN)
  assert.equal(await sum(1, Number.NaN), Number.NaN)
})

test('bigints are summed exactly and averaged as a number', async () => {
  const big = 2n ** 62n
  const [row] = await grouped(
    [
      { k: 0, v: big },
      { k: 0, v: big - 1n },
      { k: 0, v: 3n - big },
    ],
    ['k'],
  )
  assert.deepEqual(row, { k: 0, n: 3, total: big + 2n, mean: Number(big + 2n) / 3, lo: 3n - big, hi: big })
})

test('an int64 sum beyond 64 bits is an error that names column and stage', async () => {
  const rows = [
    { k: 0, v: 2n ** 63n - 1n },
    { k: 0, v: 1n },
  ]
  await assert.rejects(grouped(rows, ['k'], { shares: 1 }), {
    code: 'AggregateType',
    message: /stage 3 groupBy\(k\): sum of column "v" met a sum beyond 64 bits/,
  })
  await assert.rejects(grouped(rows, ['k'], { shares: 2 }), { code: 'AggregateType' })
})

test('values that cannot be summed are errors that name column and stage', async () => {
  for (const [values, what] of [
    [['x'], 'a value of type string'],
    [[true], 'a value of type boolean'],
    [[new Date()], 'a Date'],
    [[{}], 'a value of type object'],
    [[1, 2n], 'a bigint after numbers'],
    [[2n, 1], 'a number after bigints'],
  ] as const) {
    const rows = values.map((v) => ({ k: 0, v }))
    const aggregates: AggregatePlan[] = [{ as: 't', fn: 'sum', column: 'v' }]
    await assert.rejects(grouped(rows, ['k'], { aggregates, shares: 1 }), {
      code: 'AggregateType',
      message: new RegExp(`^stage 3 groupBy\\(k\\): sum of column "v" met ${what}`),
    })
  }
})

test('min and max of objects and a key that is an object are errors that name the stage', async () => {
  const aggregates: AggregatePlan[] = [{ as: 'hi', fn: 'max', column: 'v' }]
  await assert.rejects(grouped([{ k: 0, v: [1] }], ['k'], { aggregates }), {
    code: 'AggregateType',
    message: /stage 3 groupBy\(k\): max of column "v"/,
  })
  await assert.rejects(grouped([{ k: {} }], ['k']), { code: 'ColumnType', message: /^stage 3 groupBy\(k\): / })
})

test('numbers from one worker and bigints from another are an error, not a wrong sum', async () => {
  await assert.rejects(
    grouped(
      [
        { k: 0, v: 1 },
        { k: 0, v: 1n },
      ],
      ['k'],
      { shares: 2 },
    ),
    { code: 'AggregateType' },
  )
})

test('min and max take strings and dates', async () => {
  const aggregates: AggregatePlan[] = [
    { as: 'first', fn: 'min', column: 's' },
    { as: 'last', fn: 'max', column: 'd' },
  ]
  const rows = [
    { k: 0, s: 'pear', d: new Date(5) },
    { k: 0, s: 'apple', d: null },
    { k: 0, s: null, d: new Date(9) },
  ]
  assert.deepEqual(await grouped(rows, ['k'], { aggregates }), [{ k: 0, first: 'apple', last: new Date(9) }])
})

test('keys that look like state columns do no harm', async () => {
  const rows = [{ '~0.count': 'x', '~~': 1 }]
  const result = await grouped(rows, ['~0.count', '~~'], { aggregates: [{ as: 'n', fn: 'count' }] })
  assert.deepEqual(result, [{ '~0.count': 'x', '~~': 1, n: 1 }])
})

test('the final half over its budget is an error; the partial half sends what it has', async () => {
  const rows = Array.from({ length: 500 }, (_, k) => ({ k: `key ${k}`, v: 1 }))
  const partial = drain(await pipeline([group('groupPartial', ['k'])], new RowsCursor([...rows, ...rows]), { budgetBytes: 20_000 }))
  assert.ok(partial.length > 500)
  const cursor = await pipeline([group('groupFinal', ['k'])], new RowsCursor(partial), { budgetBytes: 20_000 })
  assert.throws(() => drain(cursor), { code: 'OperatorBudget', message: /^stage 3 groupBy\(k\) keeps about 2\d{4} bytes.*memoryBytes/ })
})

test('closing a groupBy while it hands out groups closes its input and ends it', async () => {
  const input = new RowsCursor([{ k: 1 }, { k: 2 }])
  const cursor = await pipeline([group('groupPartial', ['k'])], input)
  cursor.next()
  cursor.close()
  assert.equal(input.closed, 1)
  assert.deepEqual(drain(cursor), [])
})

test('a row that its maker changes and gives again counts as it was each time', async () => {
  for (const keys of [['k'], ['k', 'v']]) {
    const seen: Row[] = []
    function* sameRow(): Generator<Row> {
      const row: Row = {}
      for (let i = 0; i < 1000; i++) {
        row.k = i % 7 === 0 ? new Date(i % 3) : `key ${i % 10}`
        row.v = i % 13
        seen.push({ ...row })
        yield row
      }
    }
    const partial = [group('groupPartial', keys)]
    const sent = drain(await pipeline(partial, new RowsCursor(sameRow())))
    assert.deepEqual(sent, drain(await pipeline(partial, new RowsCursor(seen))))
  }
})

const RICH: AggregatePlan[] = [
  { as: 'different', fn: 'countDistinct', column: 'v' },
  { as: 'earliest', fn: 'first', column: 'v', by: 't' },
  { as: 'latest', fn: 'last', column: 'v', by: 't' },
]
const ANY = fc.constantFrom<unknown>(
  'a',
  '12:b',
  'n1;',
  't',
  '',
  1,
  2.5,
  -0,
  0,
  Number.NaN,
  true,
  false,
  7n,
  new Date(5),
  new Uint8Array([1, 58, 200]),
  new Uint8Array(0),
  null,
  undefined,
)

/** What stands for a value that no Set tells apart. */
function identity(value: unknown): string {
  if (value instanceof Date) return `d${value.getTime()}`
  return `${typeof value} ${value instanceof Uint8Array ? `[${value}]` : Object.is(value, -0) ? 0 : String(value)}`
}

for (const budgetBytes of [1e9, 1]) {
  test(`distinct values, and those of the first and last row, with a budget of ${budgetBytes}`, async () => {
    const row = fc.record({ k: fc.constantFrom('a', 'b', null), v: ANY, t: fc.option(fc.nat(3)) })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (rows) => {
        const result = await grouped(rows, ['k'], { aggregates: RICH, budgetBytes })
        const expected = [...byKey(rows)].map(([k, members]) => {
          const values = members.map(({ v }) => v).filter((v) => v !== null && v !== undefined)
          const timed = members.filter(({ t }) => t !== null)
          const at = (t: number) => timed.filter((row) => row.t === t).map(({ v }) => v ?? null)
          const least = (all: unknown[]) => [...all].sort((a, b) => compareValues(a, b))[0] ?? null
          const times = timed.map(({ t }) => t as number)
          const [earliest, latest] = [least(at(Math.min(...times))), least(at(Math.max(...times)))].map((v) => compareKey(v))
          return { k, different: new Set(values.map(identity)).size, earliest, latest }
        })
        assert.deepEqual(
          sorted(result.map((row) => ({ ...row, earliest: compareKey(row.earliest), latest: compareKey(row.latest) }))),
          sorted(expected),
        )
      }),
    )
  })
}

/** -0 is equal to 0, and either may be the least. */
function compareKey(value: unknown): unknown {
  return Object.is(value, -0) ? 0 : value
}

test('different values beyond the budget: groups go to disk, one that alone is too large is an error', async () => {
  const rows = (keys: number) => Array.from({ length: 4000 }, (_none, v) => ({ k: v % keys, v }))
  const aggregates: AggregatePlan[] = [{ as: 'n', fn: 'countDistinct', column: 'v' }]
  const run = async (keys: number) => {
    const spill = new Spill(createSpillFolder(folder), 1e9)
    const operators = [group('groupPartial', ['k'], aggregates), group('groupFinal', ['k'], aggregates)]
    const cursor = await pipeline(operators, new RowsCursor(rows(keys)), { budgetBytes: 20_000, spill })
    try {
      return drain(cursor)
    } finally {
      cursor.close()
      assert.equal(spill.openFiles, 0)
    }
  }
  const many = await run(1000)
  assert.equal(many.length, 1000)
  assert.ok(many.every(({ n }) => n === 4))
  await assert.rejects(run(1), { code: 'OperatorBudget' })
})
