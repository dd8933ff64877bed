import assert from 'node:assert/strict'
import test from 'node:test'
import { CancelledError, MillraceError, PeerLostError, ProtocolError, SessionEndedError, TooManyCallsError } from '../../src/base/errors.js'
import { decodeError, encodeError, RANK, rankOf } from '../../src/stream/error-payload.js'

const F = 0x1_0000
const SMALL_F = 512

// biome-ignore lint/suspicious/noExplicitAny: what arrives is looked at from all sides.
const sent = (error: unknown, max = F): any => decodeError(encodeError(error, RANK.root, max))

for (const Class of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
  test(`a ${Class.name} arrives as one, with message and stack`, () => {
    const error = new Class('why')
    const arrived = sent(error)
    assert.equal(arrived.constructor, Class)
    assert.deepEqual([arrived.name, arrived.message, arrived.stack], [Class.name, 'why', error.stack])
    assert.deepEqual(Object.keys(arrived), [])
  })
}

for (const Class of [CancelledError, PeerLostError, ProtocolError, SessionEndedError, TooManyCallsError]) {
  test(`a ${Class.name} arrives as one`, () => {
    const arrived = sent(new Class('why', { cause: new Error('inner') }))
    assert.equal(arrived.constructor, Class)
    assert.deepEqual([arrived.message, arrived.cause.message, arrived.fault], ['why', 'inner', new Class('').fault])
  })
}

test('any other error of this package arrives with code, fault and name', () => {
  const arrived = sent(new MillraceError('MessageTooLarge', 'why'))
  assert.equal(arrived instanceof MillraceError, true)
  assert.deepEqual([arrived.code, arrived.fault, arrived.name], ['MessageTooLarge', 'user', 'MessageTooLargeError'])
})

test('own properties arrive, also where the class is not known', () => {
  class Odd extends Error {
    override name = 'Odd'
    status = 418
    detail = { at: new Date(0), list: [1, 2n] }
  }
  const arrived = sent(new Odd('why'))
  assert.equal(arrived instanceof Error, true)
  assert.deepEqual([arrived.name, arrived.status, arrived.detail], ['Odd', 418, { at: new Date(0), list: [1, 2n] }])
})

test('an error with a numeric code and a name of its own stays an error and keeps both', () => {
  const arrived = sent(Object.assign(new Error('missing'), { name: 'HttpError', code: 404 }))
  assert.equal(arrived.constructor, Error)
  assert.deepEqual([arrived.name, arrived.message, arrived.code], ['HttpError', 'missing', 404])
})

test('an error of the system keeps its code and its properties', () => {
  const error = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', errno: -2, syscall: 'open', path: '/x' })
  const arrived = sent(error)
  assert.deepEqual([arrived.code, arrived.errno, arrived.syscall, arrived.path], ['ENOENT', -2, 'open', '/x'])
})

test('a DOMException arrives as one', () => {
  const arrived = sent(new DOMException('stopped', 'AbortError'))
  assert.equal(arrived instanceof DOMException, true)
  assert.deepEqual([arrived.name, arrived.message, arrived.code], ['AbortError', 'stopped', 20])
})

test('causes arrive, eight deep and no deeper, errors or not', () => {
  let error: unknown = { plain: true }
  for (let depth = 0; depth < 20; depth++) error = new Error(`level ${depth}`, { cause: error })
  let arrived = sent(error)
  const seen: string[] = []
  for (; arrived instanceof Error; arrived = arrived.cause) seen.push(arrived.message)
  assert.deepEqual([seen.length, seen[0], arrived], [9, 'level 19', undefined])
  assert.deepEqual(sent(new Error('x', { cause: { plain: true } })).cause, { plain: true })
  assert.equal(Object.hasOwn(sent(new Error('x', { cause: undefined })), 'cause'), true)
  assert.equal(Object.hasOwn(sent(new Error('x')), 'cause'), false)
})

test('an AggregateError arrives with its errors', () => {
  const arrived = sent(new AggregateError([new TypeError('one'), 'two'], 'both'))
  assert.equal(arrived instanceof AggregateError, true)
  assert.deepEqual([arrived.message, arrived.errors[0] instanceof TypeError, arrived.errors[1]], ['both', true, 'two'])
})

test('an error that holds itself arrives, as cause and among its errors', () => {
  const loop = new Error('loop')
  loop.cause = loop
  assert.equal(sent(loop).message, 'loop')
  const many = new AggregateError([], 'many')
  many.errors.push(many, many, many)
  assert.match(sent(many).message, /^many/)
})

test('what is thrown and no error arrives as it is', () => {
  for (const thrown of ['text', 7, null, undefined, 3n, { a: [1] }]) assert.deepEqual(sent(thrown), thrown)
})

test('what is thrown and cannot be sent arrives as an error that says so', () => {
  const circular: { self?: unknown; call?: unknown } = { call: () => 1 }
  circular.self = circular
  for (const thrown of [() => 1, Symbol('s'), { call: () => 1 }, circular]) {
    const arrived = sent(thrown)
    assert.equal(arrived instanceof Error, true)
    assert.match(arrived.message, /thrown/)
  }
})

test('of an error with properties that cannot be sent, those that can arrive, with class, stack and cause', () => {
  const error = Object.assign(new TypeError('why', { cause: new Error('inner') }), { call: () => 1, status: 5 })
  const arrived = sent(error)
  assert.equal(arrived instanceof TypeError, true)
  assert.deepEqual([arrived.status, arrived.call, arrived.cause.message, arrived.stack], [5, undefined, 'inner', error.stack])
  assert.equal(sent(new Error('why', { cause: () => 1 })).message, 'why')
})

test('an error that throws when it is looked at is still an error', () => {
  const hostile = new Error('why')
  Object.defineProperty(hostile, 'message', {
    get() {
      throw new Error('no')
    },
  })
  assert.equal(sent(hostile) instanceof Error, true)
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  assert.equal(sent(proxy) instanceof Error, true)
  const getter = Object.defineProperty(new Error('why'), 'bad', {
    enumerable: true,
    get() {
      throw new Error('no')
    },
  })
  assert.equal(sent(getter).message, 'why')
})

test('an error that does not fit is cut and says so; its message stays as long as it can', () => {
  const properties = sent(Object.assign(new RangeError('why'), { big: 'x'.repeat(F) }))
  assert.equal(properties instanceof RangeError, true)
  assert.deepEqual([properties.message, properties.big], ['why', undefined])
  assert.match(properties.stack, /\[cut/)
  const small = sent(new RangeError('a message of moderate length, well below what a small frame holds'), SMALL_F)
  assert.equal(small instanceof RangeError, true)
  assert.match(small.message, /small frame holds$/)
  assert.match(small.stack, /\[cut/)
  for (const text of ['x', 'é', '漢']) {
    const long = sent(new RangeError(text.repeat(10_000)), SMALL_F)
    assert.equal(long instanceof RangeError, true)
    assert.match(long.message, new RegExp(`^${text}{50,} \\[cut\\]$`))
  }
})

test('nothing is too large for the smallest frame', () => {
  const long = 'n'.repeat(5000)
  const error = Object.assign(new Error(long), { name: long, code: long, own: long })
  assert.ok(encodeError(error, RANK.root, SMALL_F).length <= SMALL_F)
  assert.ok(encodeError(long, RANK.root, SMALL_F).length <= SMALL_F)
})

test('the rank travels; without one it follows from the class', () => {
  for (const rank of Object.values(RANK)) assert.equal(rankOf(decodeError(encodeError(new Error('x'), rank, F))), rank)
  assert.equal(rankOf(new Error('x')), RANK.root)
  assert.equal(rankOf('x'), RANK.root)
  assert.equal(rankOf(new PeerLostError('x')), RANK.unclassified)
  assert.equal(rankOf(new CancelledError('x')), RANK.consequence)
  assert.equal(rankOf(new SessionEndedError('x')), RANK.consequence)
})

test('an ERROR payload that is none is a ProtocolError', () => {
  for (const payload of [[3], [0, 1, 2, 3], [0, 0xff, 0x0f, 0x5f], [9, 9, 9]]) {
    assert.throws(() => decodeError(Uint8Array.from(payload)), { code: 'Protocol' })
  }
})
