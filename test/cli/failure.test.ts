import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MillraceError } from '../../src/base/errors.js'
import { failureText } from '../../src/cli/failure.js'

test('an error of this package shows its code and message, no stack', () => {
  assert.equal(failureText(new MillraceError('NotAFlow', 'a.js: no flow'), false), 'error NotAFlow: a.js: no flow\n')
})

test('stage, file, offset and the causes stand below, each on its line', () => {
  const cause = Object.assign(new TypeError('x is not a number'), { code: 'ERR_X' })
  const error = Object.assign(new RangeError('too large', { cause }), { stage: 'pairs', file: 'docs/a.md', offset: 0 })
  assert.equal(
    failureText(error, false),
    'error RangeError: too large\n  stage: pairs\n  file: docs/a.md, offset 0\n  cause: ERR_X: x is not a number\n',
  )
})

test('debug adds the stacks of the error and of its causes', () => {
  const text = failureText(new Error('outer', { cause: new Error('inner') }), true)
  assert.deepEqual(text.match(/^ {4}Error: \w+\n {8}at /gm)?.length, 2)
})

test('a cause that leads back to itself ends', () => {
  const error = new Error('round')
  error.cause = error
  assert.equal(failureText(error, false), 'error Error: round\n')
})

test('what is thrown need not be an error', () => {
  assert.equal(failureText('just text', false), 'error: just text\n')
  assert.equal(failureText(undefined, true), 'error: undefined\n    undefined\n')
  assert.equal(failureText(new Error('outer', { cause: 'why' }), false), 'error Error: outer\n  cause: why\n')
})
