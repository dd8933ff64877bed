import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import fc from 'fast-check'
import { hashValue } from '../../src/columnar/hash.js'
import { keyOf, keyOfRow } from '../../src/columnar/key.js'
import { compareValues } from '../../src/columnar/order.js'
import type { Row } from '../../src/columnar/schema.js'
import { WholeKeys } from '../../src/columnar/whole-keys.js'
import { nestedKind, readRow, recordOf, schemaOf } from './nested.js'
import { anyUnits, anyValue, Pipe, sameValue } from './support.js'

const isSame = (a: unknown, b: unknown): boolean => new Set([a, b]).size === 1

test('two keys are one Map key iff their values are the same', () => {
  const tricky = fc.oneof(
    anyValue,
    anyUnits.map((text) => `\0${text}`),
    fc.integer({ min: -5, max: 5 }).map((i) => new Date(i)),
  )
  const texts = fc.constantFrom('', '1:', 'n1;', 't', 'a', '\0', '\0d1', '1:a', '_', 'd1;')
  const lists = fc.integer({ min: 1, max: 3 }).chain((count) => {
    const list = fc.array(fc.oneof(tricky, texts), { minLength: count, maxLength: count })
    return fc.tuple(list, list)
  })
  fc.assert(
    fc.property(lists, ([a, b]) =>
      assert.equal(
        isSame(keyOf(a), keyOf(b)),
        a.every((value, i) => sameValue(value, b[i])),
      ),
    ),
    { numRuns: 3000 },
  )
})

test('values that look alike are different groups, alone and beside others', () => {
  const values = [
    1,
    '1',
    1n,
    true,
    false,
    null,
    new Date(1),
    '\0d1',
    '\0\0d1',
    '',
    'true',
    'null',
    'n1;',
    '0:',
    Number.NaN,
    'NaN',
    0,
    Buffer.from('1'),
    Buffer.from(''),
    'b1:1',
    '\0b1:1',
  ]
  assert.equal(new Set(values.map((value) => keyOf([value]))).size, values.length)
  assert.equal(new Set(values.flatMap((a) => values.map((b) => keyOf([a, b])))).size, values.length ** 2)
})

test('text is never read across the border of two values', () => {
  assert.notEqual(keyOf(['a', 'b|c']), keyOf(['a|b', 'c']))
  assert.notEqual(keyOf(['a1:b', '']), keyOf(['a', 'b1:']))
  assert.notEqual(keyOf([Buffer.from('ab'), Buffer.from('c')]), keyOf([Buffer.from('a'), Buffer.from('bc')]))
})

test('NaN is one group, as are 0 and -0, null and undefined, Dates of one time, the same bytes', () => {
  const pairs = [
    [Number.NaN, Number.NaN],
    [0, -0],
    [null, undefined],
    [new Date(7), new Date(7)],
    [new Uint8Array([0, 200]), Buffer.from([1, 0, 200]).subarray(1)],
  ]
  for (const [a, b] of pairs) {
    assert.ok(isSame(keyOf([a]), keyOf([b])))
    assert.ok(isSame(keyOf([a, 1]), keyOf([b, 1])))
  }
})

test('the key of a row is that of its values; a missing one is null', () => {
  const row = { a: 'x', b: 2 }
  assert.equal(keyOfRow(row, ['a']), 'x')
  assert.equal(keyOfRow(row, ['b', 'a']), keyOf([2, 'x']))
  assert.equal(keyOfRow(row, ['c', 'a']), keyOf([null, 'x']))
  assert.equal(keyOfRow(row, ['c']), null)
  assert.equal(keyOf([]), '')
})

test('what no column can hold is no key', () => {
  for (const value of [{}, [], () => 1, Symbol('s')]) {
    assert.throws(() => keyOf([value]), { code: 'ColumnType' })
    for (const keys of [['b', 'a'], ['a']])
      assert.throws(() => keyOfRow({ a: value, b: 1 }, keys), { code: 'ColumnType', message: /the key "a" is a.* map it to text/ })
  }
})

test('whole rows are the same key iff all that is in them is equal, deep, whatever the order of names; missing is null', () => {
  const fields = fc
    .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', '__proto__', '1:a'), fc.oneof(fc.constant({ values: anyValue }), nestedKind(3))), {
      selector: ([name]) => name,
      maxLength: 3,
    })
    .map((list) => list.map(([name, { values }]) => [name, values] as const))
  const rows = fields.chain((list) => fc.tuple(recordOf(list), recordOf(list)))
  fc.assert(
    fc.property(rows, ([a, b]) => {
      const keys = new WholeKeys()
      const key = keys.of(a)
      const turned = Object.fromEntries(Object.entries(a).reverse())
      assert.equal(keys.of(turned), key)
      assert.equal(new WholeKeys().of(structuredClone(a)), key)
      assert.equal(keys.of(b) === key, isDeepSame(a, b))
    }),
    { numRuns: 2000 },
  )
})

test('a whole row is the same key after it travelled', () => {
  const column = nestedKind(3).chain(({ values }) => fc.array(fc.option(values), { maxLength: 8 }))
  fc.assert(
    fc.property(column, (cells) => {
      const rows = cells.map((v) => ({ v }))
      assert.deepStrictEqual(
        new Pipe().send(rows).map((row) => new WholeKeys().of(row)),
        rows.map((row) => new WholeKeys().of(row)),
      )
      assert.deepStrictEqual(
        rows.map((row) => new WholeKeys().of(readRow(row, schemaOf(rows)))),
        rows.map((row) => new WholeKeys().of(row)),
      )
    }),
  )
})

test('lists and objects that look alike are different whole rows', () => {
  const values = [
    [],
    [null],
    [[]],
    [1],
    ['1'],
    [1n],
    ['', ''],
    {},
    { a: 1 },
    { b: 1 },
    { a: {} },
    [{}],
    { a: [] },
    '[0:',
    '{}',
    new Uint8Array(0),
  ]
  assert.equal(new Set(values.map((v) => new WholeKeys().of({ v }))).size, values.length)
  const circle: { self?: unknown } = {}
  circle.self = circle
  for (const v of [circle, [new Map()], { f: () => 1 }]) assert.throws(() => new WholeKeys().of({ v }), { code: 'ColumnType' })
})

/** Equal as rows are: null and undefined as what is missing, other values as keys. */
function isDeepSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => isDeepSame(value, b[i]))
  if (!isRecord(a) || !isRecord(b)) return sameValue(a, b)
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => isDeepSame(own(a, name), own(b, name)))
}

function own(row: Row, name: string): unknown {
  return Object.hasOwn(row, name) ? row[name] : null
}

function isRecord(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

test('a Date of another realm, or of a subclass that answers otherwise, is its time everywhere', () => {
  class Odd extends Date {
    override getTime(): number {
      return 0.5
    }
  }
  for (const date of [vm.runInNewContext('new Date(7)') as Date, new Odd(7)]) {
    assert.ok(isSame(keyOf([date]), keyOf([new Date(7)])))
    assert.equal(hashValue(date), hashValue(new Date(7)))
    assert.equal(compareValues(date, new Date(7)), 0)
    assert.deepStrictEqual(new Pipe().send([{ date }]), [{ date: new Date(7) }])
  }
})
