import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import fc from 'fast-check'
import { hashValue } from '../../src/columnar/hash.js'
import { keyOf, keyOfRow } from '../../src/columnar/key.js'
import { compareValues } from '../../src/columnar/order.js'
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
  const values = [1, '1', 1n, true, false, null, new Date(1), '\0d1', '\0\0d1', '', 'true', 'null', 'n1;', '0:', Number.NaN, 'NaN', 0]
  assert.equal(new Set(values.map((value) => keyOf([value]))).size, values.length)
  assert.equal(new Set(values.flatMap((a) => values.map((b) => keyOf([a, b])))).size, values.length ** 2)
})

test('text is never read across the border of two values', () => {
  assert.notEqual(keyOf(['a', 'b|c']), keyOf(['a|b', 'c']))
  assert.notEqual(keyOf(['a1:b', '']), keyOf(['a', 'b1:']))
})

test('NaN is one group, as are 0 and -0, null and undefined, Dates of one time', () => {
  const pairs = [
    [Number.NaN, Number.NaN],
    [0, -0],
    [null, undefined],
    [new Date(7), new Date(7)],
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
    assert.throws(() => keyOfRow({ a: value, b: 1 }, ['b', 'a']), { code: 'ColumnType' })
  }
})

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
