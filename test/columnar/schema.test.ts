import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Schema, unify } from '../../src/columnar/schema.js'

const A: Schema = [
  { name: 'a', type: 'null' },
  { name: 'b', type: 'utf8' },
]

test('two schemas become one: first fields first, null gives way', () => {
  const b: Schema = [
    { name: 'c', type: 'null' },
    { name: 'b', type: 'null' },
    { name: 'a', type: 'int64' },
  ]
  assert.deepStrictEqual(unify(A, b, 'merge'), [
    { name: 'a', type: 'int64' },
    { name: 'b', type: 'utf8' },
    { name: 'c', type: 'null' },
  ])
})

test('a schema that adds nothing leaves the first as it is', () => {
  assert.equal(unify(A, [{ name: 'b', type: 'null' }], 'merge'), A)
  assert.equal(unify(A, A, 'merge'), A)
  assert.equal(unify(A, [], 'merge'), A)
})

test('two types of one column are refused with place, column and both types', () => {
  assert.throws(() => unify(A, [{ name: 'b', type: 'float64' }], 'exchange 3'), {
    code: 'ColumnType',
    message: /^exchange 3: column "b" is utf8 from one worker and float64 from another/,
  })
})
