import nodeAssert from 'node:assert/strict'
import test from 'node:test'
import { assert, unreachable } from '../../src/base/assert.js'

test('an invariant that holds says nothing', () => {
  for (const truthy of [true, 1, 'x', {}, []]) nodeAssert.equal(assert(truthy, 'never'), undefined)
})

test('an invariant that does not hold is an internal error with its message', () => {
  for (const falsy of [false, 0, '', null, undefined, Number.NaN]) {
    nodeAssert.throws(() => assert(falsy, 'rings are empty'), {
      name: 'InternalError',
      code: 'Internal',
      fault: 'library',
      message: 'rings are empty',
    })
  }
})

test('an unhandled member of a union is named together with the place', () => {
  nodeAssert.throws(() => unreachable('paused' as never, 'sink state'), { code: 'Internal', message: 'sink state: unexpected paused' })
  nodeAssert.throws(() => unreachable(Symbol('odd') as never, 'kind'), { message: 'kind: unexpected Symbol(odd)' })
})
