import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from '../../src/columnar/schema.js'
import { Spill } from '../../src/exchange/spill.js'
import { rowBytes } from '../../src/flow/operators/size-meter.js'
import type { OperatorPlan } from '../../src/flow/plan.js'
import { FakeFolder } from '../support/fake-folder.js'
import { drain, pipeline, RowsCursor } from './support.js'

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values)

async function through(operators: readonly OperatorPlan[], rows: readonly Row[], right: readonly Row[] = []): Promise<Row[]> {
  return drain(await pipeline(operators, new RowsCursor(rows), { right: () => new RowsCursor(right) }))
}

/** Bytes in memory that they share: another window of the same has other values later. */
function windows(count: number): Uint8Array[] {
  const shared = new Uint8Array(count + 1).map((_none, i) => i % 3)
  return Array.from({ length: count }, (_none, i) => shared.subarray(i, i + 2))
}

test('rows are grouped by bytes, alone and beside other keys, and least and greatest bytes are found', async () => {
  const rows = windows(30).map((raw, i) => ({ raw, i, n: 1 }))
  for (const keys of [['raw'], ['raw', 'n']]) {
    const group: OperatorPlan = { op: 'groupPartial', keys, aggregates: [{ as: 'rows', fn: 'count' }] }
    const groups = await through([group, { ...group, op: 'groupFinal' }], rows)
    assert.deepEqual(
      groups.map((row) => [row.raw, row.rows]),
      [
        [bytes(0, 1), 10],
        [bytes(1, 2), 10],
        [bytes(2, 0), 10],
      ],
    )
    for (const { raw } of groups) assert.equal((raw as Uint8Array).buffer.byteLength, 2)
  }
  const aggregates = [
    { as: 'least', fn: 'min', column: 'raw' },
    { as: 'most', fn: 'max', column: 'raw' },
  ] as const
  const all = await through(
    [
      { op: 'groupPartial', keys: ['n'], aggregates },
      { op: 'groupFinal', keys: ['n'], aggregates },
    ],
    rows,
  )
  assert.deepEqual(all, [{ n: 1, least: bytes(0, 1), most: bytes(2, 0) }])
})

test('rows are sorted by bytes, and the first of them kept', async () => {
  const rows = [bytes(255), bytes(), null, bytes(1, 0), bytes(1), bytes(128)].map((raw) => ({ raw }))
  const sorted = [bytes(), bytes(1), bytes(1, 0), bytes(128), bytes(255), null].map((raw) => ({ raw }))
  const by = [{ column: 'raw', descending: false }]
  assert.deepEqual(await through([{ op: 'sort', by }], rows), sorted)
  assert.deepEqual(await through([{ op: 'topK', by, rows: 4 }], rows), sorted.slice(0, 4))
})

test('rows that are equal by the keys of a stable sort are ordered by their lists and objects too, and so is the first of a group', async () => {
  const rows = [{ o: { x: 2 } }, { o: { x: 1 } }, { l: [2] }, { l: [1, 5] }, { l: [1] }].map((row) => ({ k: 1, l: null, o: null, ...row }))
  const by = [{ column: 'k', descending: false }]
  const expected = [rows[4], rows[3], rows[2], rows[1], rows[0]]
  for (const given of [rows, [...rows].reverse()]) {
    assert.deepEqual(await through([{ op: 'sort', by, stable: true }], given), expected)
    assert.deepEqual(await through([{ op: 'topK', by, rows: 2, stable: true }], given), expected.slice(0, 2))
    const aggregates = [{ as: 'first', fn: 'first', column: 'l', by: 'k' }] as const
    const group: OperatorPlan = { op: 'groupPartial', keys: ['k'], aggregates }
    assert.deepEqual(await through([group, { ...group, op: 'groupFinal' }], given), [{ k: 1, first: [1] }])
  }
})

test('bytes are keys of a join, and are no text', async () => {
  const join = { op: 'join', kind: 'inner', right: 1, keys: ['raw'], rightKeys: ['raw'], suffix: '' } as const
  const right = [bytes(1), bytes(1, 2), null].map((raw, n) => ({ raw, n }))
  assert.deepEqual(await through([join], [{ raw: bytes(1, 2) }, { raw: bytes() }, { raw: null }], right), [{ raw: bytes(1, 2), n: 1 }])
  await assert.rejects(through([join], [{ raw: 'text' }], right), {
    code: 'ColumnType',
    message: /the key "raw" is a string on the left, and "raw" is bytes on the right/,
  })
})

for (const [what, value] of [
  ['an array', [1]],
  ['an object', { a: 1 }],
] as const) {
  test(`${what} is no key and has no order: the error says where, and the cure`, async () => {
    const rows = [{ k: value }, { k: value }]
    const refused = (where: RegExp, code = 'ColumnType') => ({
      code,
      message: new RegExp(`^${where.source}.*${what}.*(map it to text|convert it in a map)`),
    })
    const by = [{ column: 'k', descending: false }]
    const join = { op: 'join', kind: 'inner', right: 1, keys: ['k'], rightKeys: ['k'], suffix: '' } as const
    await assert.rejects(
      through([{ op: 'groupPartial', keys: ['k'], aggregates: [] }], rows),
      refused(/stage 3 groupBy\(k\): the key "k" is /),
    )
    await assert.rejects(
      through([{ op: 'groupPartial', keys: ['n', 'k'], aggregates: [] }], rows),
      refused(/stage 3 groupBy\(n, k\): the key "k" is /),
    )
    await assert.rejects(through([join], [], rows), refused(/stage 3 inner join on k: the key "k" is /))
    const unlike = /^stage 3 inner join on k: the key "k" is an object on the left, and "k" is a string on the right/
    await assert.rejects(through([join], rows, [{ k: 'x' }]), { code: 'ColumnType', message: unlike })
    await assert.rejects(through([{ ...join, kind: 'anti' }], rows, []), refused(/stage 3 anti join on k: the key "k" is /))
    await assert.rejects(through([{ op: 'sort', by }], rows), refused(/stage 3 sort: cannot order /))
    await assert.rejects(through([{ op: 'topK', by, rows: 1 }], rows), refused(/stage 3 top 1: cannot order /))
    const aggregates = [{ as: 'm', fn: 'max', column: 'k' }] as const
    await assert.rejects(
      through([{ op: 'groupPartial', keys: ['n'], aggregates }], rows),
      refused(/stage 3 groupBy\(n\): max of column "k" met /, 'AggregateType'),
    )
  })
}

test('whole rows are distinct by all that is in their lists and objects; what no column can hold is an error that says where', async () => {
  const rows = [
    { v: [1, { a: 1, b: 2 }] },
    { v: [1, { b: 2, a: 1, c: null }] },
    { v: [1, { a: 1 }] },
    { v: [{ a: 1, b: 2 }, 1] },
    { v: null },
    {},
  ]
  assert.deepEqual(await through([{ op: 'distinctFinal' }], rows), [rows[0], rows[2], rows[3], rows[4]])
  await assert.rejects(through([{ op: 'distinctFinal' }], [{ v: [new Map()] }]), {
    code: 'ColumnType',
    message: /^stage 3 distinct: the key "v" is an object \(Map\)/,
  })
})

test('bytes that come back from the disk have memory of their own, also inside lists and objects', async () => {
  const rows = Array.from({ length: 2000 }, (_none, n) => ({
    n,
    raw: bytes(n, n >> 8),
    in: [{ raw: Buffer.from([n]) }],
    pad: 'x'.repeat(60),
  }))
  const spill = new Spill(new FakeFolder(), Number.MAX_SAFE_INTEGER)
  const by = [{ column: 'n', descending: true }]
  const sorted = drain(await pipeline([{ op: 'sort', by }], new RowsCursor(rows), { budgetBytes: 1, spill })) as typeof rows
  assert.ok(spill.writtenBytes > 0)
  assert.deepEqual(
    sorted.map(({ n, raw, in: inside }) => [n, raw, inside[0]?.raw]),
    rows.map(({ n, raw }) => [n, raw, bytes(n)]).reverse(),
  )
  for (const row of sorted) assert.deepEqual([row.raw.buffer.byteLength, row.in[0]?.raw.buffer.byteLength], [2, 1])
})

test('what a row takes in memory counts what is in its lists, objects and bytes', () => {
  assert.ok(rowBytes({ v: new Uint8Array(1000) }) >= 1000)
  assert.ok(rowBytes({ v: [{ text: 'x'.repeat(1000) }] }) >= 1000)
  const numbers = rowBytes({ v: new Array<number>(1000).fill(1) })
  assert.ok(numbers >= 8000 && numbers < 9000, `${numbers} bytes`)
})
