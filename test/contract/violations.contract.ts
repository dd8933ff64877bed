import assert from 'node:assert/strict'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { encodeCall } from '../../src/frame/call-payload.js'
import { encodeTotals } from '../../src/frame/end-payload.js'
import { CONTROL, type ControlType, FRAME, type FrameKind } from '../../src/frame/kinds.js'
import { frameCost } from '../../src/stream/credit.js'
import { ByHand } from '../support/by-hand.js'
import type { RawPeer } from '../support/raw-peer.js'
import { consume, errorOf, leaks } from '../support/test-mesh.js'
import { eager, message, streamId, TestSource } from '../support/test-source.js'
import { namedTest, type Subject } from './contract.js'

const RESULT = streamId(1, 1)
const CALL = { generation: 1, procedure: 0, limit: 1000, inputId: streamId(0, 0), inputGeneration: 0, input: new Uint8Array(0) }

/** Everything a peer can send that the protocol forbids: the pair fails, and nothing else. */
export function violationsContract(subject: Subject): void {
  const test = namedTest(subject)
  const F = subject.payloadMax
  const asked = streamId(1, 0)

  /** The pair with participant 0 is failed, with what it had; the pair with participant 2 works as before. */
  async function assertFailed(hand: ByHand): Promise<void> {
    await hand.settle()
    assert.deepEqual([hand.raw.end.condition(), hand.link.releases.a], ['failed', 1])
    const id = streamId(7, 2)
    const outcome = consume(hand.session.request(id, { delivery: 'calls' }))
    await hand.settle()
    hand.other.send(FRAME.DATA, id, message(3))
    hand.other.sendTotals(id, 1, 3)
    await hand.settle()
    assert.deepEqual([outcome.end, outcome.messages], ['ended', [message(3)]])
    assert.equal(hand.session.isPeerOpen(2 as never), true)
    assert.deepEqual(leaks(hand.session), {})
  }

  const data = (size: number): Uint8Array => message(size)
  const first = (total: number) => (raw: RawPeer) => raw.send(FRAME.DATA_MORE, asked, data(F - 4), total)

  const frames: readonly (readonly [string, Send, RegExp])[] = [
    ['END with too many messages', (raw) => raw.sendTotals(asked, 1, 0), /END after 1 messages/],
    [
      'END with too few messages',
      both(
        (raw) => raw.send(FRAME.DATA, asked, data(8)),
        (raw) => raw.sendTotals(asked, 0, 8),
      ),
      /END after 0 messages/,
    ],
    [
      'END with other bytes',
      both(
        (raw) => raw.send(FRAME.DATA, asked, data(8)),
        (raw) => raw.sendTotals(asked, 1, 9),
      ),
      /END after 1 messages of 9/,
    ],
    [
      'END with totals beyond what a number holds',
      (raw) => raw.send(FRAME.END, asked, new Uint8Array(16).fill(255)),
      /END after 18446744073709552000/,
    ],
    [
      'END inside a message',
      both(
        (raw) => first(3 * F)(raw),
        (raw) => raw.sendTotals(asked, 0, 0),
      ),
      /END inside a message/,
    ],
    [
      'END of another length',
      (raw) => raw.send(FRAME.END, asked, encodeTotals({ messages: 0, bytes: 0 }).subarray(8)),
      /kind 2 with a payload of 8/,
    ],
    [
      'data after the end',
      both(
        (raw) => raw.sendTotals(asked, 0, 0),
        (raw) => raw.send(FRAME.DATA, asked, data(8)),
      ),
      /not open/,
    ],
    [
      'END twice',
      both(
        (raw) => raw.sendTotals(asked, 0, 0),
        (raw) => raw.sendTotals(asked, 0, 0),
      ),
      /not open/,
    ],
    [
      'data beyond the credit',
      both(
        (raw) => raw.send(FRAME.DATA, asked, data(F)),
        (raw) => raw.send(FRAME.DATA, asked, data(1)),
      ),
      /beyond its credit/,
    ],
    ['a frame for a stream that nobody asked for', (raw) => raw.send(FRAME.DATA, streamId(9, 0), data(8)), /not open/],
    ['a frame for a stream whose sender is another', (raw) => raw.send(FRAME.DATA, streamId(1, 2), data(8)), /not open/],
    ['data of no bytes', (raw) => raw.send(FRAME.DATA, asked), /kind 0 with a payload of 0/],
    ['a fragment shorter than F', (raw) => raw.send(FRAME.DATA_MORE, asked, data(F - 12), 3 * F), /kind 1 with a payload/],
    ['a first fragment of a message that would fit one frame', first(F), /in fragments of/],
    ['a first fragment of a message of 0 bytes', first(0), /in fragments of/],
    ['a first fragment of a message over 256 MiB', first(0x1000_0001), /in fragments of/],
    ['a first fragment of a message of 4 GiB', first(0xffff_ffff), /in fragments of/],
    [
      'a last fragment that is too long',
      both(
        (raw) => first(F + 1)(raw),
        (raw) => raw.send(FRAME.DATA, asked, data(6)),
      ),
      /with its last fragment/,
    ],
    [
      'a last fragment that is too short',
      both(
        (raw) => first(F + 8)(raw),
        (raw) => raw.send(FRAME.DATA, asked, data(5)),
      ),
      /with its last fragment/,
    ],
    [
      'a fragment that is the last and does not say so',
      both(
        (raw) => first(2 * F - 4)(raw),
        (raw) => raw.send(FRAME.DATA_MORE, asked, data(F)),
      ),
      /with its next fragment/,
    ],
    ['a frame of an unknown kind', (raw) => raw.send(8 as FrameKind, asked, data(8)), /unknown kind 8/],
    ['an ERROR of no bytes', (raw) => raw.send(FRAME.ERROR, asked), /kind 3 with a payload of 0/],
    ['an ERROR of an unknown rank', (raw) => raw.send(FRAME.ERROR, asked, Uint8Array.of(3)), /rank 3/],
    ['an ERROR that cannot be read', (raw) => raw.send(FRAME.ERROR, asked, Uint8Array.of(0, 1, 2, 3)), /cannot be read/],
    ['a GOODBYE with an id', (raw) => raw.send(FRAME.GOODBYE, asked), /a GOODBYE for the stream/],
    ['a GOODBYE with a payload', (raw) => raw.send(FRAME.GOODBYE, streamId(0, 0), data(8)), /kind 7 with a payload of 8/],
    [
      'a frame after GOODBYE',
      both(
        (raw) => raw.send(FRAME.GOODBYE, streamId(0, 0)),
        (raw) => raw.send(FRAME.DATA, asked, data(8)),
      ),
      /after GOODBYE/,
    ],
    ['a CALL shorter than its header', (raw) => raw.send(FRAME.CALL, RESULT, data(23)), /a CALL of 23 bytes/],
    ['a CALL where nothing is served', (raw) => raw.send(FRAME.CALL, RESULT, encodeCall(CALL)), /nothing is served/],
    [
      'a CALL for the result of another participant',
      (raw) => raw.send(FRAME.CALL, streamId(1, 2), encodeCall(CALL)),
      /whose sender is another/,
    ],
  ]
  for (const [what, send, reason] of frames) {
    test(`${what} fails the pair and nothing else`, async () => {
      const hand = new ByHand({ ...subject, ...(what.includes('credit') && { elasticBytes: 0 }) })
      const outcome = consume(hand.session.request(asked, { delivery: 'calls' }))
      const witness = consume(hand.session.request(streamId(8, 0), { delivery: 'calls' }))
      await hand.settle()
      const { raw } = hand
      send(raw)
      await hand.settle()
      if (outcome.end !== 'ended') assert.equal(errorOf(outcome).code, 'Protocol')
      assert.match(errorOf(witness).message, reason)
      await assertFailed(hand)
    })
  }

  for (const [what, kind] of [
    ['data', FRAME.DATA],
    ['END', FRAME.END],
    ['ERROR', FRAME.ERROR],
    ['RESET', FRAME.RESET],
  ] as const) {
    test(`${what} before START fails the pair and nothing else`, async () => {
      const hand = new ByHand(subject)
      const stream = hand.session.request(asked, { delivery: 'calls' })
      hand.raw.send(kind, asked, kind === FRAME.END ? encodeTotals({ messages: 0, bytes: 0 }) : new Uint8Array(8))
      await hand.settle()
      assert.throws(() => stream.isDone, { code: 'Protocol' })
      await assertFailed(hand)
    })
  }

  const say =
    (type: number, id: PhysicalStreamId, value = 0, more: { flags?: number; generation?: number } = {}) =>
    (raw: RawPeer) =>
      raw.say(type as ControlType, id, value, more)
  const records: readonly (readonly [string, Send])[] = [
    ['CREDIT for a registered stream before START', say(CONTROL.CREDIT, RESULT, 1000)],
    ['CREDIT for an unknown stream', say(CONTROL.CREDIT, streamId(5, 1), 1000)],
    [
      'CREDIT that goes back',
      both(
        (raw) => raw.start(RESULT, 1000),
        (raw) => raw.say(CONTROL.CREDIT, RESULT, 999),
      ),
    ],
    [
      'CREDIT that goes back while parked',
      both(
        (raw) => raw.start(streamId(5, 1), 1000),
        (raw) => raw.say(CONTROL.CREDIT, streamId(5, 1), 999),
      ),
    ],
    [
      'CREDIT after a CANCEL that was parked',
      both(
        (raw) => say(CONTROL.CANCEL_STREAM, streamId(5, 1))(raw),
        (raw) => raw.say(CONTROL.CREDIT, streamId(5, 1), 999),
      ),
    ],
    ['START of a stream whose sender is another', say(CONTROL.START_STREAM, streamId(1, 2), 1000)],
    ['CANCEL of a stream whose sender is another', say(CONTROL.CANCEL_STREAM, streamId(1, 0))],
    ['a record of an unknown type', say(4, RESULT)],
    ['START with a flag', say(CONTROL.START_STREAM, RESULT, 1000, { flags: 1 })],
    [
      'CREDIT with a reserved flag',
      both(
        (raw) => raw.start(RESULT),
        (raw) => raw.say(CONTROL.CREDIT, RESULT, 200_000, { flags: 2 }),
      ),
    ],
    ['a limit beyond what a number holds', say(CONTROL.START_STREAM, RESULT, 2 ** 60)],
    ['SESSION_END with an id', say(CONTROL.SESSION_END, RESULT)],
    ['SESSION_END with a generation', say(CONTROL.SESSION_END, streamId(0, 0), 0, { generation: 1 })],
    ['SESSION_END with a value', say(CONTROL.SESSION_END, streamId(0, 0), 1)],
  ]
  for (const [what, send] of records) {
    test(`${what} fails the pair and nothing else`, async () => {
      const hand = new ByHand(subject)
      const source = new TestSource(RESULT, (task) => task.changed().then(() => {}))
      hand.session.register(source)
      send(hand.raw)
      await hand.settle()
      await assertFailed(hand)
      assert.equal(source.runs + source.disposed, 1)
    })
  }

  const calls: readonly (readonly [string, Send])[] = [
    ['CANCEL of a call whose CALL is not there', say(CONTROL.CANCEL_STREAM, streamId(2, 1), 0, { generation: 1 })],
    ['CREDIT of a newer generation whose CALL is not there', say(CONTROL.CREDIT, RESULT, 1000, { generation: 2 })],
    ['START of a call that was never made', say(CONTROL.START_STREAM, streamId(2, 1), 1000, { generation: 1 })],
    ['a CALL for a result that is not over', (raw) => raw.send(FRAME.CALL, RESULT, encodeCall({ ...CALL, generation: 2 }))],
    ['a CALL with reserved flags', (raw) => raw.send(FRAME.CALL, streamId(2, 1), patched(4, 4))],
    ['a CALL with an input stream that has no id', (raw) => raw.send(FRAME.CALL, streamId(2, 1), patched(4, 2))],
    ['a CALL with a limit beyond what a number holds', (raw) => raw.send(FRAME.CALL, streamId(2, 1), patched(15, 1))],
  ]
  for (const [what, send] of calls) {
    test(`${what} fails the pair and nothing else`, async () => {
      const hand: ByHand = new ByHand({
        ...subject,
        kind: 'call',
        called: (session, id, call) =>
          session.registry.registerCall(new TestSource(id, (task) => task.changed().then(() => {})), call.generation, call.limit),
      })
      hand.raw.send(FRAME.CALL, RESULT, encodeCall(CALL))
      await hand.settle()
      send(hand.raw)
      await hand.settle()
      assert.deepEqual([hand.raw.end.condition(), hand.link.releases.a], ['failed', 1])
      assert.deepEqual(leaks(hand.session), {})
      assert.equal(hand.other.end.condition(), 'open')
    })
  }

  test('the peer whose partner found the protocol broken fails what it had with it', async () => {
    const hand = new ByHand(subject)
    hand.session.register(new TestSource(RESULT, eager([message(8)])))
    const outcome = consume(hand.session.request(asked, { delivery: 'calls' }))
    await hand.settle()
    hand.raw.end.fail()
    hand.raw.end.wakePeer()
    await hand.settle()
    assert.equal(errorOf(outcome).code, 'Protocol')
    await assertFailed(hand)
  })

  test('RESET after an ERROR fails the pair and nothing else', async () => {
    const hand = new ByHand(subject)
    const outcome = consume(hand.session.request(asked, { delivery: 'calls' }))
    await hand.settle()
    hand.raw.send(FRAME.ERROR, asked, Uint8Array.of(0))
    hand.raw.send(FRAME.RESET, asked, data(8))
    await assertFailed(hand)
    assert.equal(errorOf(outcome).code, 'RemoteError')
  })

  test('the credit is exact: a sender may use all of it', async () => {
    const hand = new ByHand({ ...subject, elasticBytes: 0 })
    const outcome = consume(hand.session.request(asked, { delivery: 'calls' }))
    await hand.settle()
    hand.raw.send(FRAME.DATA, asked, data(F))
    await hand.settle()
    assert.deepEqual(hand.raw.records().slice(0, 1), [`START 1@0 ${frameCost(F)}`])
    hand.raw.send(FRAME.DATA, asked, data(F))
    await hand.settle()
    assert.equal(outcome.messages.length, 2)
  })
}

type Send = (raw: RawPeer) => void

function both(first: Send, second: Send): Send {
  return (raw) => {
    first(raw)
    second(raw)
  }
}

function patched(at: number, value: number): Uint8Array {
  const payload = encodeCall(CALL)
  payload[at] = value
  return payload
}
