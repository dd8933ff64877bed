import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ColumnType, type Schema, unify, widens } from '../../src/columnar/schema.js'

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

test('a list and an object become wider inside, and stay themselves where nothing is added', () => {
  const a: Schema = [
    { name: 'l', type: { list: 'null' } },
    { name: 'o', type: { struct: [{ name: 'x', type: 'null' }] } },
  ]
  const b: Schema = [
    {
      name: 'o',
      type: {
        struct: [
          { name: 'y', type: 'utf8' },
          { name: 'x', type: { list: 'int64' } },
        ],
      },
    },
    { name: 'l', type: { list: { struct: [] } } },
  ]
  const both: Schema = [
    { name: 'l', type: { list: { struct: [] } } },
    {
      name: 'o',
      type: {
        struct: [
          { name: 'x', type: { list: 'int64' } },
          { name: 'y', type: 'utf8' },
        ],
      },
    },
  ]
  const made = unify(a, b, 'merge')
  assert.deepStrictEqual(made, both)
  assert.equal(unify(made, structuredClone(b), 'merge'), made)
  assert.equal(unify(made, a, 'merge'), made)
  assert.ok(widens(a, both))
  assert.ok(!widens(both, a))
  assert.ok(!widens(both, b))
})

test('two types inside a list or an object are refused by their path', () => {
  const of = (type: ColumnType): Schema => [{ name: 'o', type: { struct: [{ name: 'l', type: { list: type } }] } }]
  for (const type of ['int64', { list: 'utf8' }, { struct: [] }] as const) {
    assert.throws(() => unify(of('utf8'), of(type), 'merge'), {
      code: 'ColumnType',
      message: /column "o\.l\[\]" is utf8 from one worker and/,
    })
    assert.ok(!widens(of('utf8'), of(type)))
  }
})

test('two types of one column are refused with place, column and both types', () => {
  assert.throws(() => unify(A, [{ name: 'b', type: 'float64' }], 'exchange 3'), {
    code: 'ColumnType',
    message: /^exchange 3: column "b" is utf8 from one worker and float64 from another/,
  })
})
