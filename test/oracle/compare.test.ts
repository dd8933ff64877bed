import assert from 'node:assert/strict'
import { test } from 'node:test'
import { difference, type Expected } from './compare.js'
import type { AnyRow } from './stages.js'
import type { Bound, Table } from './table.js'

const TABLE = { name: 't', columns: [], order: undefined, bound: undefined, rounded: new Set<string>() } as unknown as Table

const unordered = (...rows: AnyRow[]): Expected[] => rows.map((row) => ({ row, position: undefined }))
const placed = (...rows: [number, AnyRow][]): Expected[] => rows.map(([position, row]) => ({ row, position }))
const differs = (expected: Expected[], actual: AnyRow[], more: Partial<Table> = {}): string | undefined =>
  difference({ ...TABLE, ...more }, expected, actual, () => expected.length)

const ROWS: AnyRow[] = [{ a: 1 }, { a: 1 }, { a: 2, b: null }, { b: new Date(5), c: 7n, d: true }]

test('rows are the same in any order, with missing columns for nulls and 0 for -0', () => {
  assert.equal(differs(unordered(...ROWS), ROWS.toReversed()), undefined)
  assert.equal(differs(unordered({ a: 0, b: null }), [{ a: -0 }]), undefined)
})

test('a row too many, too few, twice or of another type is a difference', () => {
  for (const actual of [
    [...ROWS, { a: 3 }],
    ROWS.slice(1),
    [...ROWS.slice(0, 3), { a: 1 }],
    [...ROWS.slice(0, 3), { b: 5, c: 7n, d: true }],
    [...ROWS.slice(0, 3), { b: new Date(5), c: 7, d: true }],
    [{ a: '1' }, ...ROWS.slice(1)],
  ])
    assert.ok(differs(unordered(...ROWS), actual) !== undefined, JSON.stringify(actual.length))
})

test('what stands at one place of the order may come in any, and nothing else', () => {
  const expected = placed([1, { a: 1 }], [2, { a: 2, b: 'x' }], [2, { a: 2, b: 'y' }], [3, {}])
  assert.equal(differs(expected, [{ a: 1 }, { a: 2, b: 'y' }, { a: 2, b: 'x' }, {}], { order: 'ties' }), undefined)
  assert.match(
    differs(expected, [{ a: 2, b: 'x' }, { a: 1 }, { a: 2, b: 'y' }, {}], { order: 'ties' }) ?? '',
    /^a row, 1 to 1 in the order: a=2 b="x"\n {2}expected: a=1$/,
  )
})

test('sums that are rounded differ by the tolerance and no more', () => {
  const rounded = new Set(['s'])
  const expected = unordered({ k: 'a', s: 1000 }, { k: 'b', s: null })
  assert.equal(differs(expected, [{ k: 'b' }, { k: 'a', s: 1000 + 5e-10 }], { rounded }), undefined)
  for (const s of [1000 + 5e-9, Number.NaN, null])
    assert.match(
      differs(
        expected,
        [
          { k: 'a', s },
          { k: 'b', s: null },
        ],
        { rounded },
      ) ?? '',
      /^s=.*, expected 1000/,
    )
})

test('after a limit some of the rows are enough, so many, in their order, the first where it is of an order', () => {
  const bound = (areFirst: boolean, ...range: [number, number]): Bound => ({ range: () => range, areFirst })
  const expected = placed([1, { a: 1 }], [2, { a: 2 }], [2, { a: 3 }], [3, { a: 4 }])
  assert.equal(differs(expected, [{ a: 1 }, { a: 3 }], { bound: bound(true, 2, 2) }), undefined)
  assert.equal(differs(expected, [{ a: 3 }, { a: 4 }], { bound: bound(false, 2, 2) }), undefined)
  assert.match(differs(expected, [{ a: 3 }, { a: 4 }], { bound: bound(true, 2, 2) }) ?? '', /not among the first/)
  assert.match(differs(expected, [{ a: 4 }, { a: 3 }], { bound: bound(false, 2, 2) }) ?? '', /out of order/)
  assert.match(differs(expected, [{ a: 1 }, { a: 1 }], { bound: bound(false, 2, 2) }) ?? '', /is not there/)
  assert.match(differs(expected, [{ a: 1 }], { bound: bound(false, 2, 3) }) ?? '', /^1 rows, expected 2 to 3/)
})

test('groups of some of the rows hold no more than those of all', () => {
  const groups = { keys: ['k'], count: 'n', least: ['low'], most: ['high'] }
  const bound: Bound = { range: () => [3, 3], areFirst: false, groups }
  const expected = unordered({ k: 1, n: 3, low: 2, high: 9 }, { k: null, n: 2, low: 1, high: 1 })
  const some = (...rows: AnyRow[]): string | undefined => differs(expected, rows, { bound })
  assert.equal(some({ k: 1, n: 2, low: 2, high: 5 }, { k: null, n: 1, low: 1, high: 1 }), undefined)
  assert.match(some({ k: 1, n: 2, low: 2, high: 5 }) ?? '', /hold 2 rows, expected 3/)
  assert.match(some({ k: null, n: 3, low: 1, high: 1 }) ?? '', /^n=3, of all rows 2/)
  assert.match(some({ k: 1, n: 3, low: 1, high: 9 }) ?? '', /^low=1/)
  assert.match(some({ k: 1, n: 3, low: 2, high: 10 }) ?? '', /^high=10/)
  assert.match(some({ k: 2, n: 3 }) ?? '', /not there/)
})
