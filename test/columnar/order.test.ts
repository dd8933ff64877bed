import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareDeep, compareRows } from '../../src/columnar/deep-order.js'
import { comparator, compareValues } from '../../src/columnar/order.js'
import { WholeKeys } from '../../src/columnar/whole-keys.js'
import { nestedKind } from './nested.js'
import { anyValue, KINDS, sameValue } from './support.js'

const kind = fc.constantFrom(...Object.values(KINDS)).map(({ values }) => fc.option(values))
/** Three values of one column, or of any. */
const three = fc.oneof(
  kind.chain((values) => fc.tuple(values, values, values)),
  fc.tuple(anyValue, anyValue, anyValue),
)

test('compareValues is a total order that agrees with equality', () => {
  fc.assert(
    fc.property(three, ([a, b, c]) => {
      const ab = compareValues(a, b)
      assert.equal(Math.sign(ab), 0 - Math.sign(compareValues(b, a)))
      assert.equal(ab === 0, sameValue(a, b))
      if (ab <= 0 && compareValues(b, c) <= 0) assert.ok(compareValues(a, c) <= 0)
    }),
    { numRuns: 3000 },
  )
})

test('values stand in this order', () => {
  const columns = [
    [-Infinity, -1, 0, 5e-324, 2, Infinity, Number.NaN, null],
    [-(2n ** 63n), -1n, 0n, 2n, null],
    ['', '\0', 'B', 'a', 'aa', 'b', 'é', '\u{1f600}', '\uffff', undefined],
    [false, true, null],
    [new Date(-1), new Date(0), new Date(1), new Date(Number.NaN), null],
    [...[[], [0], [0, 0], [0, 255], [1], [127], [128], [255], [255, 0]].map((list) => new Uint8Array(list)), null],
    [true, 1, 1n, new Date(1), '1', new Uint8Array(0), null],
  ]
  for (const values of columns) assert.deepStrictEqual([...values].reverse().sort(compareValues), values)
  assert.equal(compareValues(-0, 0), 0)
  assert.equal(compareValues(null, undefined), 0)
})

test('rows are ordered by the first key that differs, nulls last both ways', () => {
  const rows = [{ a: 1, b: 'x' }, { a: null, b: 'y' }, { a: 2, b: 'x' }, { b: 'z' }, { a: 1, b: 'y' }, { a: Number.NaN, b: 'x' }]
  const sorted = (descending: boolean): unknown[] =>
    [...rows]
      .sort(
        comparator([
          { column: 'a', descending },
          { column: 'b', descending: true },
        ]),
      )
      .map((row) => [row.a ?? null, row.b])
  assert.deepStrictEqual(sorted(false), [
    [1, 'y'],
    [1, 'x'],
    [2, 'x'],
    [Number.NaN, 'x'],
    [null, 'z'],
    [null, 'y'],
  ])
  assert.deepStrictEqual(sorted(true), [
    [Number.NaN, 'x'],
    [2, 'x'],
    [1, 'y'],
    [1, 'x'],
    [null, 'z'],
    [null, 'y'],
  ])
  assert.equal(comparator([])({ a: 1 }, { a: 2 }), 0)
})

test('lists, objects and what no column can hold have no place in the order', () => {
  for (const value of [{}, [], Symbol('s'), () => 1]) {
    assert.throws(() => compareValues(value, 1), { code: 'ColumnType', message: /cannot order a.* map it to text/ })
  }
})

test('compareDeep is a total order over lists and objects too, in which those are equal that are equal whole rows', () => {
  const column = nestedKind(3).chain(({ values }) => fc.tuple(fc.option(values), fc.option(values), fc.option(values)))
  fc.assert(
    fc.property(
      fc.oneof(
        column,
        fc.tuple(
          anyValue,
          nestedKind(1).chain(({ values }) => values),
          anyValue,
        ),
      ),
      ([a, b, c]) => {
        const ab = compareDeep(a, b)
        assert.equal(Math.sign(ab), 0 - Math.sign(compareDeep(b, a)))
        assert.equal(ab === 0, new WholeKeys().of({ v: a }) === new WholeKeys().of({ v: b }))
        assert.equal(Math.sign(compareRows({ v: a }, { v: b })), Math.sign(ab))
        if (ab <= 0 && compareDeep(b, c) <= 0) assert.ok(compareDeep(a, c) <= 0)
      },
    ),
    { numRuns: 1000 },
  )
})

test('lists and objects stand in this order where they decide', () => {
  const values = ['z', [], [null], [1], [1, 1], [2], [{}], { b: 1 }, { a: 2 }, { a: 2, b: 1 }, null]
  const sorted = ['z', [], [1], [1, 1], [2], [{}], [null], { a: 2, b: 1 }, { a: 2 }, { b: 1 }, null]
  assert.deepStrictEqual([...values].sort(compareDeep), sorted)
  const circle: { self?: unknown } = {}
  circle.self = circle
  for (const [a, b] of [
    [circle, structuredClone(circle)],
    [[new Map()], [new Map()]],
  ])
    assert.throws(() => compareDeep(a, b), { code: 'ColumnType' })
})
