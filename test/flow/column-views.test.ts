import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Block } from '../../src/columnar/block.js'
import { ColumnViews } from '../../src/flow/operators/column-views.js'

const getters = (view: object): unknown[] => Object.keys(view).map((name) => Object.getOwnPropertyDescriptor(view, name)?.get)

test('views of the same columns have the same getters, so that none keeps the rows of another alive, and each its own rows', () => {
  const views = new ColumnViews()
  const [first, second] = [views.of(Block.ofRows([{ a: 1, b: 'x' }])), views.of(Block.ofRows([{ a: 2, b: 'y' }]))]
  assert.deepEqual(getters(second), getters(first))
  assert.ok(getters(first).every((getter) => typeof getter === 'function'))
  const other = views.of(Block.ofRows([{ b: 'z' }]))
  assert.deepEqual([{ ...first }, { ...second }, { ...other }], [{ a: [1], b: ['x'] }, { a: [2], b: ['y'] }, { b: ['z'] }])
})

test('a view is a plain object of its columns, whatever they are called', () => {
  const view = new ColumnViews().of(Block.ofRows([JSON.parse('{"__proto__":1,"constructor":2,"2":3}')]))
  assert.equal(Object.getPrototypeOf(view), Object.prototype)
  assert.deepEqual(Object.entries(view), [
    ['2', [3]],
    ['__proto__', [1]],
    ['constructor', [2]],
  ])
})
