import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Row } from '../../src/columnar/schema.js'
import { Spill } from '../../src/exchange/spill.js'
import type { AggregatePlan, OperatorPlan } from '../../src/flow/plan.js'
import { type DiskCall, FakeFolder } from '../support/fake-folder.js'
import { drain, hasty, pipeline, RowsCursor } from './support.js'

const NO_LIMIT = Number.MAX_SAFE_INTEGER
const SORT: OperatorPlan = {
  op: 'sort',
  by: [
    { column: 'k', descending: true },
    { column: 's', descending: false },
  ],
}
const AGGREGATES: AggregatePlan[] = [
  { as: 'n', fn: 'count' },
  { as: 'total', fn: 'sum', column: 'v' },
  { as: 'mean', fn: 'avg', column: 'v' },
  { as: 'lo', fn: 'min', column: 't' },
  { as: 'hi', fn: 'max', column: 't' },
]
const group = (op: 'groupPartial' | 'groupFinal', keys: readonly string[]): OperatorPlan => ({ op, keys, aggregates: AGGREGATES })

/** The same numbers for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed | 0
  return (below) => {
    state = (Math.imul(state, 0x0019_660d) + 0x3c6e_f35f) | 0
    return (state >>> 8) % below
  }
}

const TEXTS = ['', 'ü\0x', '\ud800', 'a text of more than thirteen characters', 'plain', null]

/** Rows as a stage function may make them before any exchange: keys missing, nested values, text of any kind. */
function wildRows(count: number, seed: number): Row[] {
  const random = generator(seed)
  return Array.from({ length: count }, (_none, n) => ({
    ...(random(5) > 0 && { k: random(40) === 0 ? null : random(30) - 15 }),
    s: TEXTS[random(TEXTS.length)],
    n,
    pad: 'x'.repeat(random(100)),
    nested: { list: [n, 2n ** 70n], day: new Date(n), bytes: new Uint8Array([n]) },
    none: undefined,
  }))
}

function disk(limitBytes = NO_LIMIT): { folder: FakeFolder; spill: Spill } {
  const folder = new FakeFolder()
  return { folder, spill: new Spill(folder, limitBytes) }
}

/** What a sort gives with so little memory, and what it wrote. */
async function sortedOnDisk(rows: Row[], pauses = false): Promise<{ rows: Row[]; writtenBytes: number; opened: number }> {
  const { folder, spill } = disk()
  const slice = hasty()
  const cursor = await pipeline([SORT], new RowsCursor(rows, pauses), { budgetBytes: 1, spill, ...(pauses && { slice }) })
  const sorted = drain(cursor, () => slice.begin())
  assert.deepEqual([folder.openFiles, spill.openFiles, spill.heldBytes], [0, 0, 0])
  return { rows: sorted, writtenBytes: spill.writtenBytes, opened: folder.calls.open }
}

test('a sort that spills gives the very rows of one that does not, in the same order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 3000 }), fc.boolean(), async (seed, count, pauses) => {
      const expected = drain(await pipeline([SORT], new RowsCursor(wildRows(count, seed))))
      const { rows, writtenBytes } = await sortedOnDisk(wildRows(count, seed), pauses)
      assert.deepEqual(rows, expected)
      if (count > 1000) assert.ok(writtenBytes > 0)
    }),
    { numRuns: 12 },
  )
})

test('a top-k that has no room gives the first rows by sorting, with its input paused or not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.nat(4000), fc.boolean(), async (seed, top, pauses) => {
      const rows = wildRows(3000, seed).map((row, n) => ({ ...row, s: `unique ${n * 7919}` }))
      const expected = drain(await pipeline([SORT, { op: 'limit', rows: top }], new RowsCursor(rows)))
      const { folder, spill } = disk()
      const slice = hasty()
      const input = new RowsCursor(rows, pauses)
      const operator: OperatorPlan = { ...SORT, op: 'topK', rows: top } as OperatorPlan
      const cursor = await pipeline([operator], input, { budgetBytes: 20_000, spill, ...(pauses && { slice }) })
      assert.deepEqual(
        drain(cursor, () => slice.begin()),
        expected,
      )
      if (top > 200) assert.ok(spill.writtenBytes > 0)
      cursor.close()
      assert.deepEqual([folder.openFiles, spill.openFiles], [0, 0])
    }),
    { numRuns: 6 },
  )
})

test('runs on disk are merged to longer ones when there are many, and the order stays stable', async () => {
  const random = generator(7)
  const rows = Array.from({ length: 30_000 }, (_none, n) => ({ k: random(50), n, pad: 'y'.repeat(70) }))
  const { rows: sorted, writtenBytes, opened } = await sortedOnDisk(rows)
  assert.deepEqual(
    sorted.map(({ n }) => n),
    [...rows].sort((a, b) => b.k - a.k).map(({ n }) => n),
  )
  const once = rows.length * 90
  assert.ok(opened > 33 && writtenBytes > 1.5 * once, `${opened} files, ${writtenBytes} bytes`)
})

/** Rows of partial halves, of several workers. */
async function partials(count: number, groups: number, seed: number, keys: readonly string[]): Promise<Row[]> {
  const random = generator(seed)
  const sent: Row[] = []
  for (let worker = 0; worker < 3; worker++) {
    const rows = Array.from({ length: count }, () => {
      const k = random(groups)
      const key = k % 7 === 0 ? new Date(k) : k % 5 === 0 ? k : `a key of some length ${k}`
      return { k: key, k2: k % 3 === 0 ? null : k % 2, v: random(3) === 0 ? null : random(1000) / 7, t: `text ${random(1000)}` }
    })
    sent.push(...drain(await pipeline([group('groupPartial', keys)], new RowsCursor(rows), { budgetBytes: 50_000 })))
  }
  return sent
}

const byKey = (rows: Row[]): Map<string, Row> =>
  new Map(rows.map((row) => [JSON.stringify([typeof row.k, row.k instanceof Date, row.k, row.k2]), row]))

test('a groupBy that spills gives the very groups of one that does not, to the last digit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.integer({ min: 1, max: 6000 }),
      fc.constantFrom(['k'], ['k', 'k2']),
      fc.boolean(),
      async (seed, groups, keys, pauses) => {
        const sent = await partials(2500, groups, seed, keys)
        const expected = drain(await pipeline([group('groupFinal', keys)], new RowsCursor(sent)))
        const { folder, spill } = disk()
        const slice = hasty()
        const input = new RowsCursor(
          sent.map((row) => ({ ...row })),
          pauses,
        )
        const cursor = await pipeline([group('groupFinal', keys)], input, { budgetBytes: 1, spill, ...(pauses && { slice }) })
        const grouped = drain(cursor, () => slice.begin())
        assert.equal(grouped.length, expected.length)
        assert.deepEqual(byKey(grouped), byKey(expected))
        if (groups > 3000) assert.ok(folder.calls.open >= 16, `${folder.calls.open} files`)
        assert.deepEqual([folder.openFiles, spill.openFiles, spill.heldBytes], [0, 0, 0])
      },
    ),
    { numRuns: 8 },
  )
})

test('parts of a groupBy that are too large themselves are spread again, until each group was seen once', async () => {
  const { folder, spill } = disk()
  const rows = Array.from({ length: 60_000 }, (_none, n) => ({ k: `key ${n % 30_000}`, '~0.count': 1 }))
  const operator: OperatorPlan = { op: 'groupFinal', keys: ['k'], aggregates: [{ as: 'n', fn: 'count' }] }
  const grouped = drain(await pipeline([operator], new RowsCursor(rows), { budgetBytes: 1, spill }))
  assert.equal(grouped.length, 30_000)
  assert.equal(new Set(grouped.map(({ k }) => k)).size, 30_000)
  assert.ok(grouped.every(({ n }) => n === 2))
  assert.ok(folder.calls.open > 100, `${folder.calls.open} files`)
  assert.equal(spill.openFiles, 0)
})

const JOIN = { op: 'join', right: 2, keys: ['k'], rightKeys: ['id'], suffix: '' } as const
const numbered = (count: number, column: string): Row[] =>
  Array.from({ length: count }, (_none, n) => ({ [column]: (n * 7) % count, pad: 'x'.repeat(60) }))

test('a distinct that spills gives each row once, also where a part has no room either', async () => {
  const rows = [...wildRows(30, 3).map(flat), ...numbered(20_000, 'id'), ...numbered(20_000, 'id').reverse(), ...wildRows(30, 3).map(flat)]
  const { folder, spill } = disk()
  const given = drain(await pipeline([{ op: 'distinctFinal' }], new RowsCursor(rows), { budgetBytes: 1, spill }))
  const expected = new Map(rows.map((row) => [JSON.stringify(row), row]))
  assert.deepEqual(new Map(given.map((row) => [JSON.stringify(row), row])), expected)
  assert.equal(given.length, expected.size)
  assert.ok(folder.calls.open > 16, `${folder.calls.open} files`)
  assert.equal(spill.openFiles, 0)
})

function flat({ k = null, s, n }: Row): Row {
  return { k, s, n }
}

test('a join that spills gives the rows of one that does not', async () => {
  const side = (count: number, keys: number, seed: number, column: string): Row[] => {
    const random = generator(seed)
    const values = [null, ...Array.from({ length: keys }, (_none, n) => n)]
    return Array.from({ length: count }, (_none, n) => ({
      k: values[random(values.length)],
      k2: random(2) === 0,
      [column]: n,
      pad: 'x'.repeat(80),
    }))
  }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('inner' as const, 'left' as const, 'semi' as const, 'anti' as const),
      fc.constantFrom(['k'], ['k', 'k2']),
      fc.integer({ min: 150, max: 800 }),
      fc.integer(),
      fc.boolean(),
      async (kind, keys, keyCount, seed, pauses) => {
        const operator: OperatorPlan = { op: 'join', kind, right: 2, keys, rightKeys: keys, suffix: '_r' }
        const [lefts, rights] = [
          side(300, keyCount, seed, 'a'),
          side(kind === 'inner' || kind === 'left' ? 700 : 4000, keyCount * 9, seed + 1, 'b'),
        ]
        const run = async (more: object): Promise<string[]> => {
          const slice = hasty()
          const input = new RowsCursor(
            lefts.map((row) => ({ ...row })),
            pauses,
          )
          const rightInput = (): RowsCursor =>
            new RowsCursor(
              rights.map((row) => ({ ...row })),
              pauses,
            )
          const cursor = await pipeline([operator], input, { right: rightInput, slice, ...more })
          return drain(cursor, () => slice.begin())
            .map((row) => JSON.stringify(row))
            .sort()
        }
        const { folder, spill } = disk()
        assert.deepEqual(await run({ budgetBytes: 1, spill }), await run({}))
        assert.ok(folder.calls.open > 0)
        assert.deepEqual([folder.openFiles, spill.openFiles, spill.heldBytes], [0, 0, 0])
      },
    ),
    { numRuns: 25 },
  )
})

test('a join whose right rows are too many by one key alone is an error by name', async () => {
  const same = (count: number): RowsCursor =>
    new RowsCursor(Array.from({ length: count }, (_none, n) => ({ k: 1, id: 1, n, pad: 'x'.repeat(60) })))
  const { spill } = disk()
  const operator: OperatorPlan = { ...JOIN, kind: 'inner', suffix: '_r' }
  const cursor = await pipeline([operator], same(3), { right: () => same(3000), budgetBytes: 1, spill })
  assert.throws(() => drain(cursor), { code: 'OperatorBudget', message: /^stage 3 inner join on k keeps about/ })
  cursor.close()
  assert.equal(spill.openFiles, 0)
})

const CASES: [string, OperatorPlan, () => Row[]][] = [
  ['sort', SORT, () => wildRows(3000, 1)],
  ['distinct', { op: 'distinctFinal' }, () => numbered(3000, 'id')],
  ['inner join on k', { ...JOIN, kind: 'inner', suffix: '_r' }, () => numbered(1500, 'k')],
  ['semi join on k', { ...JOIN, kind: 'semi' }, () => numbered(6000, 'k')],
  [
    'groupBy(k)',
    { op: 'groupFinal', keys: ['k'], aggregates: [{ as: 'n', fn: 'count' }] },
    () => Array.from({ length: 12_000 }, (_none, n) => ({ k: `key ${n}`, '~0.count': 1 })),
  ],
]

/** The right side of the joins. */
const right = (): RowsCursor => new RowsCursor(numbered(6000, 'id'))

for (const [name, operator, rows] of CASES) {
  for (const [call, code] of [
    ['open', 'EACCES'],
    ['write', 'ENOSPC'],
    ['read', 'EIO'],
  ] as [DiskCall, string][]) {
    test(`${code} at any ${call} of a ${name} is SpillFailed with stage and operator, and its close leaves nothing`, async () => {
      const calm = disk()
      drain(await pipeline([operator], new RowsCursor(rows()), { right, budgetBytes: 1, spill: calm.spill }))
      const calls = calm.folder.calls[call]
      assert.ok(calls > 1)
      for (const after of new Set([0, 1, calls >> 1, calls - 1])) {
        const { folder, spill } = disk()
        folder.failOn(call, code, after)
        const cursor = await pipeline([operator], new RowsCursor(rows()), { right, budgetBytes: 1, spill })
        assert.throws(
          () => drain(cursor),
          (error: Error & Record<string, unknown>) => {
            assert.equal(error.code, 'SpillFailed')
            assert.ok(error.message.startsWith(`stage 3 ${name}: could not `), error.message)
            assert.equal((error.cause as NodeJS.ErrnoException).code, code)
            return true
          },
        )
        cursor.close()
        assert.deepEqual([folder.openFiles, spill.openFiles, spill.heldBytes], [0, 0, 0], `after ${after}`)
      }
    })
  }

  test(`beyond its bytes on disk a ${name} is SpillBudget with stage and operator`, async () => {
    const { spill } = disk(100_000)
    const cursor = await pipeline([operator], new RowsCursor(rows()), { right, budgetBytes: 1, spill })
    assert.throws(
      () => drain(cursor),
      (error: Error & Record<string, unknown>) => {
        assert.equal(error.code, 'SpillBudget')
        assert.ok(error.message.startsWith(`stage 3 ${name}: `), error.message)
        return true
      },
    )
    cursor.close()
    assert.equal(spill.openFiles, 0)
  })

  test(`a ${name} that is closed while it writes, reads or has given its last row leaves nothing open`, async () => {
    const given = drain(await pipeline([operator], new RowsCursor(rows()), { right, budgetBytes: 1, spill: disk().spill })).length
    for (const wanted of [0, 1, 700, given]) {
      const { folder, spill } = disk()
      const input = new RowsCursor(rows(), true)
      const slice = hasty()
      const cursor = await pipeline([operator], input, { right, budgetBytes: 1, spill, slice })
      for (let got = 0; got < wanted || folder.calls.open === 0; ) {
        if (typeof cursor.next() === 'symbol') slice.begin()
        else got++
      }
      cursor.close()
      cursor.close()
      assert.deepEqual([folder.openFiles, spill.openFiles, spill.heldBytes], [0, 0, 0], `after ${wanted} rows`)
      assert.ok(input.closed > 0)
      assert.equal(typeof cursor.next(), 'symbol')
    }
  })
}

test('a row that cannot go to disk is NotCloneable with stage and operator', async () => {
  const rows = Array.from({ length: 3000 }, (_none, n) => ({ k: n, s: 'x'.repeat(50), f: () => n }))
  const cursor = await pipeline([SORT], new RowsCursor(rows), { budgetBytes: 1, spill: disk().spill })
  assert.throws(() => drain(cursor), { code: 'NotCloneable', message: /^stage 3 sort: a row cannot go to disk: .*map it to plain data/ })
  cursor.close()
})
