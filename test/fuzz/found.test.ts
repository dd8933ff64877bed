import assert from 'node:assert/strict'
import test from 'node:test'
import { serialize } from 'node:v8'
import { CallServer } from '../../src/call/call-server.js'
import { encodeInput } from '../../src/call/input.js'
import { ValueReader } from '../../src/call/value-reader.js'
import { ENTRY, encodeValue } from '../../src/call/value-writer.js'
import { encodeCall } from '../../src/frame/call-payload.js'
import { FRAME } from '../../src/frame/kinds.js'
import { decodeError, encodeError } from '../../src/stream/error-payload.js'
import { ByHand } from '../support/by-hand.js'
import { ringLink } from '../support/links.js'
import { leaks } from '../support/test-mesh.js'
import { P, streamId } from '../support/test-source.js'
import { clientOf } from './one-worker.js'

/** What the fuzzer found, each in its smallest form; `docs/FOUND.md` tells more. */

const INPUT = streamId(0x8000, 0)

function server(): ByHand {
  const servers: CallServer[] = []
  return new ByHand({
    factory: ringLink,
    ringBytes: 4096,
    kind: 'call',
    called: (session, id, call) => {
      servers[0] ??= new CallServer(session, { echo: (input: unknown) => input })
      servers[0].called(P(0), id, call)
    },
  })
}

function sendCall(hand: ByHand, logical: number, generation = 1): void {
  const call = { generation, procedure: 0, limit: 10_000, inputId: INPUT, inputGeneration: generation, input: undefined }
  hand.raw.send(FRAME.CALL, streamId(logical, 1), encodeCall(call))
}

test('two CALLs that name the same input fail the pair, also where both came at once', async () => {
  const hand = server()
  sendCall(hand, 1)
  sendCall(hand, 2)
  await hand.settle()
  assert.equal(hand.raw.end.condition(), 'failed')
  assert.deepEqual(leaks(hand.session), {})
})

test('an input of two messages fails its call and leaves nothing behind', async () => {
  const hand = server()
  sendCall(hand, 1)
  await hand.settle()
  for (const value of ['one', 'two']) hand.raw.send(FRAME.DATA, INPUT, encodeValue(value))
  hand.raw.sendTotals(INPUT, 2, encodeValue('one').length + encodeValue('two').length)
  await hand.settle()
  assert.deepEqual(hand.raw.frames(), ['ERROR 1@1 an input of more than one message'])
  assert.deepEqual(leaks(hand.session), {})
})

for (const [what, values, reason] of [
  ['no message', [], 'a call ended without a value'],
  ['two messages', ['one', 'two'], 'a call for one value brought a second message'],
] as const) {
  test(`a call for one value that brings ${what} fails with a protocol error and leaves nothing behind`, async () => {
    const hand = new ByHand({ factory: ringLink, ringBytes: 4096, kind: 'call' })
    const outcome = clientOf(hand.session, P(0)).value(0, encodeInput('input'))
    const refused = assert.rejects(outcome, { code: 'Protocol', message: reason })
    await hand.settle()
    const messages = values.map((value) => encodeValue(value))
    for (const message of messages) hand.raw.send(FRAME.DATA, streamId(0, 0), message)
    hand.raw.sendTotals(
      streamId(0, 0),
      messages.length,
      messages.reduce((sum, { length }) => sum + length, 0),
    )
    await hand.settle()
    await refused
    await hand.settle()
    assert.deepEqual(leaks(hand.session), {})
  })
}

test('a clone that V8 refuses is a protocol error, not what V8 calls it', () => {
  const clone = encodeValue({ a: 1 })
  for (const [at, byte] of [
    [8, 0],
    [9, 255],
    [10, 0x7f],
  ]) {
    const spoiled = clone.slice()
    spoiled[at] = byte
    assert.throws(() => new ValueReader(spoiled).next(), { code: 'Protocol' })
  }
})

test('a number of another length is a protocol error, also where its message ends', () => {
  for (const length of [0, 4, 16]) {
    const message = new Uint8Array(8 + length)
    new DataView(message.buffer).setUint32(0, ((ENTRY.number << 28) | length) >>> 0, true)
    assert.throws(() => new ValueReader(message).next(), { code: 'Protocol' }, `${length} bytes`)
  }
})

function errorPayload(tree: unknown): Uint8Array {
  const body = serialize(tree)
  return Uint8Array.of(0, ...body)
}

test('an ERROR whose name, message or stack is no text is a protocol error', () => {
  const sound = { name: 'Error', message: 'text', stack: 'here' }
  for (const key of ['name', 'message', 'stack'])
    assert.throws(() => decodeError(errorPayload({ ...sound, [key]: 5 })), { code: 'Protocol' }, key)
  assert.throws(() => decodeError(errorPayload({})), { code: 'Protocol' })
})

test('properties of an ERROR do not take the place of its name, message or stack', () => {
  const error = decodeError(errorPayload({ name: 'Error', message: 'text', properties: { message: 1, stack: 2, detail: 3 } })) as Error
  assert.deepEqual([error.message, typeof error.stack, Object.entries(error)], ['text', 'string', [['detail', 3]]])
})

test('an ERROR of some hundred bytes that stand for a billion errors is refused at once', () => {
  let tree: object = { name: 'Error', message: 'leaf' }
  for (let depth = 0; depth < 30; depth++) tree = { name: 'AggregateError', message: 'two', errors: [tree, tree] }
  const payload = errorPayload(tree)
  assert.ok(payload.length < 3000)
  assert.throws(() => decodeError(payload), { code: 'Protocol' })
})

test('an array that was thrown, empty but four billion long, is passed on at once', () => {
  const huge: unknown[] = []
  huge.length = 0xffff_ffff
  const thrown = decodeError(errorPayload({ name: 'Error', message: 'text', thrown: { value: huge } }))
  assert.equal((thrown as unknown[]).length, 0xffff_ffff)
  const passedOn = decodeError(encodeError(thrown, 0, 512))
  assert.equal((passedOn as unknown[]).length, 0xffff_ffff)
})

test('an ERROR that is its own cause is refused', () => {
  const tree: Record<string, unknown> = { name: 'Error', message: 'circular' }
  tree.cause = tree
  assert.throws(() => decodeError(errorPayload(tree)), { code: 'Protocol' })
})
