import assert from 'node:assert/strict'
import test from 'node:test'
import { CODES, type Code } from '../../src/base/codes.js'
import { CancelledError, MillraceError, PeerLostError, ProtocolError, SessionEndedError, TooManyCallsError } from '../../src/base/errors.js'

test('every code makes an error with its fault and one Error at the end of its name', () => {
  for (const code of Object.keys(CODES) as Code[]) {
    const error = new MillraceError(code, 'why')
    assert.equal(error.code, code)
    assert.equal(error.fault, CODES[code].fault)
    assert.equal(error.message, 'why')
    assert.match(error.name, /^[A-Z]\w*Error$/)
    assert.doesNotMatch(error.name, /ErrorError$/)
    assert.ok(error instanceof Error)
  }
})

test('each class of the family carries its own code and is a MillraceError', () => {
  const family = [
    [new ProtocolError('m'), 'Protocol'],
    [new PeerLostError('m'), 'PeerLost'],
    [new CancelledError('m'), 'Cancelled'],
    [new SessionEndedError('m'), 'SessionEnded'],
    [new TooManyCallsError('m'), 'TooManyCalls'],
  ] as const
  for (const [error, code] of family) {
    assert.ok(error instanceof MillraceError)
    assert.equal(error.code, code)
    assert.equal(error.name, error.constructor.name)
    assert.equal(error.message, 'm')
  }
})

test('the name stands first in the stack and is not an own enumerable property', () => {
  const error = new PeerLostError('gone')
  assert.match(String(error), /^PeerLostError: gone$/)
  assert.deepEqual(Object.keys(error).sort(), ['code', 'fault'])
})

test('a cause is there exactly when one was given, also when it is undefined', () => {
  const cause = new Error('first')
  assert.equal(new ProtocolError('m', { cause }).cause, cause)
  assert.equal(Object.hasOwn(new ProtocolError('m'), 'cause'), false)
  assert.equal(Object.hasOwn(new ProtocolError('m', { cause: undefined }), 'cause'), true)
})

test('a cancel without a message says that it was cancelled', () => {
  assert.equal(new CancelledError().message, 'cancelled')
  assert.equal(new CancelledError(undefined, { cause: 'enough' }).cause, 'enough')
})
