import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hashRow, hashValue } from '../../src/columnar/hash.js'
import { anyValue, Pipe, sameValue } from './support.js'

const FIXED = [
  2872998923, 444641715, 1521947227, 1768809451, 320259795, 2354758327, 1881228224, 5091232, 2462723854, 2241331145, 7970078, 1757159915,
  48610963, 625341585, 1138880914,
]

const FIXED_BYTES = [4159199048, 1135906610, 401436789, 4086192470, 2426482046]

test('a hash is a u32, and equal for equal values', () => {
  fc.assert(
    fc.property(anyValue, anyValue, (a, b) => {
      const hash = hashValue(a)
      assert.ok(Number.isInteger(hash) && hash >= 0 && hash <= 0xffff_ffff)
      if (sameValue(a, b)) assert.equal(hash, hashValue(b))
    }),
  )
  assert.equal(hashValue(-0), hashValue(0))
  assert.equal(hashValue(Number.NaN), hashValue(-Number.NaN))
  assert.equal(hashValue(new Date(5)), hashValue(new Date(5)))
  assert.equal(hashValue(null), hashValue(undefined))
})

test('a value hashes the same after it travelled', () => {
  fc.assert(
    fc.property(anyValue, (v) => {
      const [row] = new Pipe().send([{ v }])
      assert.equal(hashRow(row ?? {}, ['v']), hashRow({ v }, ['v']))
    }),
  )
})

test('hashes are these for ever: workers of two versions of Node must agree', () => {
  const values = ['', 'a', 'é\ud800', 0, 1, 0.5, -1, Infinity, Number.NaN, 1n, -1n, true, false, null, new Date(1)]
  assert.deepStrictEqual(
    values.map((value) => hashValue(value)),
    FIXED,
  )
  assert.equal(hashRow({ a: 1, b: 'x' }, ['a', 'b']), 2394355133)
})

test('values of different types and keys in another order hash apart', () => {
  const hashes = [1, '1', 1n, true, null, new Date(1), 0, '', 0n, false, new Date(0)].map((value) => hashValue(value))
  assert.equal(new Set(hashes).size, hashes.length)
  assert.notEqual(hashRow({ a: 1, b: 2 }, ['a', 'b']), hashRow({ a: 2, b: 1 }, ['a', 'b']))
  assert.notEqual(hashRow({ a: 'ab', b: 'c' }, ['a', 'b']), hashRow({ a: 'a', b: 'bc' }, ['a', 'b']))
})

test('a missing key is null, and what no column can hold is refused', () => {
  assert.equal(hashRow({}, ['a']), hashRow({ a: null }, ['a']))
  for (const value of [{}, [], new Float32Array(1)]) {
    assert.throws(() => hashRow({ a: value }, ['a']), { code: 'ColumnType', message: /the key "a" is an .*; use .* map it to text/ })
  }
  assert.throws(() => hashRow({ a: 1, b: Symbol('s') }, ['a', 'b']), { code: 'ColumnType' })
})

test('bytes hash by what is in them, whatever memory they are a part of, and are these for ever', () => {
  const bytes = [[], [0], [0, 0], [1, 2, 3], [255]].map((list) => new Uint8Array(list))
  assert.deepStrictEqual(
    bytes.map((value) => hashValue(value)),
    FIXED_BYTES,
  )
  assert.equal(hashValue(new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4)), hashValue(bytes[3]))
  assert.equal(hashValue(Buffer.from([1, 2, 3])), hashValue(bytes[3]))
  assert.notEqual(hashValue(Buffer.from('text')), hashValue('text'))
})

const KEYS: Record<string, (i: number) => unknown> = {
  'short words': (i) => `k${i}`,
  'padded numbers': (i) => String(i).padStart(8, '0'),
  'two letters': (i) => String.fromCharCode(97 + (i % 26), 97 + (Math.floor(i / 26) % 26), 97 + (Math.floor(i / 676) % 26)),
  integers: (i) => i,
  'even integers': (i) => 2 * i,
  'multiples of 4096': (i) => 4096 * i,
  fractions: (i) => i / 10,
  bigints: (i) => BigInt(i),
  'multiples of 2 ** 32 as bigints': (i) => BigInt(i) << 32n,
  days: (i) => new Date(i * 86_400_000),
  bytes: (i) => new Uint8Array([i, i >> 8, i >> 16]),
}

for (const [what, make] of Object.entries(KEYS)) {
  test(`${what} spread evenly over 2 to 16 partitions`, () => {
    const count = 16_000
    for (const partitions of [2, 3, 4, 7, 8, 16]) {
      const sizes = new Array<number>(partitions).fill(0)
      for (let i = 0; i < count; i++) sizes[hashValue(make(i)) % partitions]++
      const expected = count / partitions
      const worst = Math.max(...sizes.map((size) => Math.abs(size - expected))) / expected
      assert.ok(worst < 0.15, `${partitions} partitions: ${sizes.join(' ')}`)
    }
  })
}
