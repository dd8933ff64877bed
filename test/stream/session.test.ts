import assert from 'node:assert/strict'
import test from 'node:test'
import { PeerLostError } from '../../src/base/errors.js'
import { LIMITS } from '../../src/base/limits.js'
import { CALL_HEADER_BYTES, encodeCall } from '../../src/frame/call-payload.js'
import { CONTROL, FRAME } from '../../src/frame/kinds.js'
import { RING } from '../../src/ring/layout.js'
import { ControlCells } from '../../src/stream/control-cells.js'
import { frameCost } from '../../src/stream/credit.js'
import { Session } from '../../src/stream/session.js'
import { patch } from '../mutants/patch.js'
import { memoryLink, ringLinkWithRegions } from '../support/links.js'
import { RawPeer } from '../support/raw-peer.js'
import { TestLoop } from '../support/test-loop.js'
import { consume, errorOf, TestMesh } from '../support/test-mesh.js'
import { eager, gated, message, messages, P, streamId, TestSource } from '../support/test-source.js'

const NOTHING = new Uint8Array(0)
const CALL = { procedure: 0, inputId: streamId(0, 0), inputGeneration: 0, input: NOTHING }

/** A session of participant 0, with participant 1 played by hand; it answers each call with one message. */
function servedByHand(options: { answers?: boolean; isReady?: () => boolean; ringBytes?: number } = {}): {
  loop: TestLoop
  session: Session
  raw: RawPeer
  sources: TestSource[]
} {
  const loop = new TestLoop()
  const link = memoryLink({ wakeA: () => loop.wake(0), ...(options.ringBytes && { ringBytes: options.ringBytes }) })
  const sources: TestSource[] = []
  const session: Session = loop.add(
    (schedule) =>
      new Session({
        self: P(0),
        kind: 'call',
        schedule,
        called: (peer, id, call) => {
          const produce = options.answers === false ? () => new Promise<void>(() => {}) : eager([message(8)])
          const source = new TestSource(id, produce, { receivers: [peer] })
          sources.push(source)
          session.registry.registerCall(source, call.generation, call.limit)
        },
      }),
  )
  session.addPeer(P(1), options.isReady === undefined ? link.a : { ...link.a, isReady: options.isReady })
  return { loop, session, raw: new RawPeer(link.b), sources }
}

test('what a peer published before its death is read to the last frame, however many there are', async () => {
  const mesh = new TestMesh({ ringBytes: 0x40_0000 })
  const count = 1800
  const outcomes = [1, 2, 3].map((logical) => {
    mesh.sessions[1].register(new TestSource(streamId(logical, 1), eager(messages(count, 1))))
    return consume(mesh.request(0, streamId(logical, 1)))
  })
  for (const session of mesh.sessions) session.service()
  while (mesh.sessions[1].publishedBytes(P(0)) < 3 * count * 16) {
    mesh.sessions[1].service()
    await new Promise((resolve) => setImmediate(resolve))
  }
  mesh.kill(1)
  await mesh.settle()
  assert.deepEqual(
    outcomes.map((outcome) => [outcome.messages.length, outcome.end]),
    [1, 2, 3].map(() => [count, 'ended']),
  )
  mesh.assertNoLeaks()
})

for (const [what, spoil] of [
  ['a tail that is no multiple of 8', (words: Int32Array) => (words[RING.tail] += 4)],
  ['a tail beyond the ring', (words: Int32Array) => (words[RING.tail] += 0x2000)],
] as const) {
  test(`${what}, seen at the second look before sleep, fails the pair and not the loop`, async () => {
    const loop = new TestLoop()
    const { link, regions } = ringLinkWithRegions({ ringBytes: 0x1000, wakeA: () => loop.wake(0) })
    const session = loop.add((schedule) => new Session({ self: P(0), kind: 'query', schedule }))
    session.addPeer(P(1), link.a)
    const outcome = consume(session.request(streamId(1, 1), { delivery: 'calls' }))
    await loop.settle()
    spoil(new Int32Array(regions.ba.segment))
    assert.equal(session.mayWork(), true)
    session.service()
    await loop.settle()
    assert.equal(errorOf(outcome).code, 'Protocol')
    assert.equal(link.b.condition(), 'failed')
  })
}

test('a head beyond what was written, seen when room is wanted, fails the pair and not the loop', async () => {
  const loop = new TestLoop()
  const { link, regions } = ringLinkWithRegions({ ringBytes: 0x1000, wakeA: () => loop.wake(0) })
  const session = loop.add((schedule) => new Session({ self: P(0), kind: 'query', schedule }))
  session.addPeer(P(1), link.a)
  session.register(new TestSource(streamId(1, 0), eager(messages(20, 512)), { receivers: [1] }))
  new RawPeer(link.b).start(streamId(1, 0))
  await loop.settle()
  new Int32Array(regions.ab.segment)[RING.head] += 0x4000
  assert.equal(session.mayWork(), true)
  await loop.settle()
  assert.equal(link.b.condition(), 'failed')
  assert.equal(link.releases.a, 1)
})

for (const [what, call] of [
  ['whose input belongs to a third participant', { input: undefined, inputId: streamId(0x8001, 7), inputGeneration: 1 }],
  ['whose input is named like a result', { input: undefined, inputId: streamId(1, 1), inputGeneration: 1 }],
  ['with a stream beside its input that belongs to a third participant', { inputId: streamId(0x8001, 7), inputGeneration: 1 }],
] as const) {
  test(`a CALL ${what} fails the pair`, async () => {
    const { loop, raw } = servedByHand()
    raw.send(FRAME.CALL, streamId(1, 0), encodeCall({ ...CALL, generation: 1, limit: 1000, ...call }))
    await loop.settle()
    assert.equal(raw.end.condition(), 'failed')
  })
}

test('a CALL whose input is a stream that is open already fails the pair', async () => {
  const { loop, raw, session } = servedByHand({ answers: false })
  const streamed = { ...CALL, generation: 1, limit: 1000, input: undefined, inputId: streamId(0x8001, 1), inputGeneration: 1 }
  raw.send(FRAME.CALL, streamId(1, 0), encodeCall(streamed))
  await loop.settle()
  session.input(streamId(0x8001, 1), 1)
  raw.send(FRAME.CALL, streamId(2, 0), encodeCall(streamed))
  await loop.settle()
  assert.equal(raw.end.condition(), 'failed')
})

test('a CALL whose result is named like an input fails the pair', async () => {
  const { loop, raw } = servedByHand()
  raw.send(FRAME.CALL, streamId(0x8001, 0), encodeCall({ ...CALL, generation: 1, limit: 1000 }))
  await loop.settle()
  assert.equal(raw.end.condition(), 'failed')
})

test('a CALL with the generation of an older use of its id fails the pair', async () => {
  const { loop, raw } = servedByHand()
  raw.send(FRAME.CALL, streamId(1, 0), encodeCall({ ...CALL, generation: 5, limit: 1000 }))
  await loop.settle()
  assert.deepEqual(raw.frames(), ['DATA 1@0 8', 'END 1@0 1/8'])
  raw.send(FRAME.CALL, streamId(1, 0), encodeCall({ ...CALL, generation: 5, limit: 1000 }))
  await loop.settle()
  assert.equal(raw.end.condition(), 'failed')
})

test('generations wrap from 65535 to 0', async () => {
  const { loop, raw } = servedByHand()
  for (const generation of [0xfffe, 0xffff, 0, 1]) {
    raw.send(FRAME.CALL, streamId(1, 0), encodeCall({ ...CALL, generation, limit: 1000 }))
    await loop.settle()
    assert.deepEqual(raw.frames(), ['DATA 1@0 8', 'END 1@0 1/8'])
  }
})

test('a call whose input does not fit a frame is refused when it is made', async () => {
  const { loop, session, raw } = servedByHand()
  const options = { delivery: 'calls' } as const
  const fits = LIMITS.framePayloadBytesMax - CALL_HEADER_BYTES
  assert.throws(() => session.call(streamId(1, 1), { ...CALL, generation: 1, input: new Uint8Array(fits + 1) }, options), {
    code: 'Internal',
  })
  session.call(streamId(1, 1), { ...CALL, generation: 1, input: new Uint8Array(fits) }, options)
  await loop.settle()
  assert.deepEqual(raw.frames(), ['CALL 1@1 g1'])
})

test('a call says its first limit in the CALL and nothing more on the control ring', async () => {
  const { loop, session, raw } = servedByHand()
  session.call(streamId(1, 1), { ...CALL, generation: 1 }, { delivery: 'calls' })
  await loop.settle()
  assert.deepEqual(raw.frames(), ['CALL 1@1 g1'])
  assert.deepEqual(raw.records(), [])
})

test('what is said of a call before its CALL is published follows it: memory that is freed meanwhile is granted', async () => {
  const { loop, session, raw } = servedByHand()
  session.budget.charge(LIMITS.elasticBytes)
  const stream = session.call(streamId(1, 1), { ...CALL, generation: 1 }, { delivery: 'calls' })
  session.budget.charge(-LIMITS.elasticBytes)
  consume(stream)
  await loop.settle()
  assert.deepEqual(raw.frames(), ['CALL 1@1 g1'])
  assert.deepEqual(raw.records(), [`CREDIT 1@1 g1 ${2 * frameCost(LIMITS.framePayloadBytesMax)} starving`])
})

/** Eight calls of which the last has no room, and to which more is granted before it has. What is in the rings then, and once there is room. */
async function recordOfLateCall() {
  const { loop, session, raw } = servedByHand({ ringBytes: 4096 })
  const input = new Uint8Array(session.callInputBytesMax(P(1)))
  for (let logical = 1; logical < 8; logical++) session.call(streamId(logical, 1), { ...CALL, generation: 1, input }, { delivery: 'calls' })
  session.budget.charge(LIMITS.elasticBytes)
  const late = session.call(streamId(8, 1), { ...CALL, generation: 1, input }, { delivery: 'calls' })
  session.budget.charge(-LIMITS.elasticBytes)
  consume(late)
  await loop.settle()
  const early = raw.records()
  const frames = raw.frames()
  await loop.settle()
  return { early, frames, later: [raw.frames(), raw.records()] }
}

test('a record does not overtake the CALL that it is about, for which there is no room yet; a planted fault is found', async () => {
  const { early, frames, later } = await recordOfLateCall()
  assert.deepEqual([early, frames.length], [[], 7])
  assert.deepEqual(later, [['CALL 8@1 g1'], [`CREDIT 8@1 g1 ${2 * frameCost(512)} starving`]])
  const remove = patch(ControlCells, 'hold', () => {})
  const { early: overtaking } = await recordOfLateCall().finally(remove)
  assert.equal(overtaking.length, 1)
})

test('a call says by itself that its consumer waits: no record follows it', async () => {
  const { loop, session, raw } = servedByHand()
  consume(session.call(streamId(1, 1), { ...CALL, generation: 1 }, { delivery: 'calls' }))
  await loop.settle()
  assert.deepEqual([raw.frames(), raw.records()], [['CALL 1@1 g1'], []])
})

test('a call that is cancelled before it is sent lets go of its input stream too', async () => {
  const { session, raw, loop } = servedByHand()
  const input = new TestSource(streamId(0x8001, 0), eager([message(8)]), { receivers: [1] })
  session.registry.registerInput(input, 1)
  const stream = session.call(
    streamId(1, 1),
    { procedure: 0, generation: 1, input: undefined, inputId: input.id, inputGeneration: 1 },
    { delivery: 'calls' },
  )
  stream.cancel()
  await loop.settle()
  assert.deepEqual([input.runs, input.disposed], [0, 1])
  assert.deepEqual([raw.frames(), raw.records()], [[], []])
  assert.equal(session.census().sources, 0)
})

test('a source whose sinks are all closed when its turn to run comes never runs', async () => {
  const mesh = new TestMesh()
  const source = new TestSource(streamId(1, 1), eager([message(1)]))
  mesh.sessions[1].register(source)
  const stream = mesh.request(0, source.id)
  const outcome = consume(stream)
  await Promise.resolve()
  mesh.sessions[0].service()
  stream.cancel()
  mesh.sessions[0].service()
  await mesh.settle()
  assert.deepEqual([source.runs, source.disposed, outcome.end], [0, 1, 'ended'])
  await mesh.end()
})

test('a planned stream is asked for once: a second request would wait for ever and is refused', async () => {
  const mesh = new TestMesh()
  mesh.sessions[1].register(new TestSource(streamId(1, 1), eager([message(1)])))
  const outcome = consume(mesh.request(0, streamId(1, 1)))
  await mesh.settle()
  assert.equal(outcome.end, 'ended')
  assert.throws(() => mesh.request(0, streamId(1, 1)), { code: 'Internal' })
})

test('a stream without a terminal fails as ended by its session where the peer said GOODBYE and then died', async () => {
  const loop = new TestLoop()
  const link = memoryLink({ wakeA: () => loop.wake(0) })
  const session = loop.add((schedule) => new Session({ self: P(0), kind: 'query', schedule }))
  session.addPeer(P(1), link.a)
  const outcome = consume(session.request(streamId(1, 1), { delivery: 'calls' }))
  await loop.settle()
  new RawPeer(link.b).send(FRAME.GOODBYE, streamId(0, 0))
  link.kill('b')
  await loop.settle()
  assert.equal(errorOf(outcome).code, 'SessionEnded')
})

for (const order of ['GOODBYE, SESSION_END', 'SESSION_END, GOODBYE', 'GOODBYE'] as const) {
  test(`the end of a peer's session is told once, whichever ring says so first: ${order}`, async () => {
    const loop = new TestLoop()
    const link = memoryLink({ wakeA: () => loop.wake(0) })
    const ending: number[] = []
    const session = loop.add((schedule) => new Session({ self: P(0), kind: 'query', schedule, peerEnding: (peer) => ending.push(peer) }))
    session.addPeer(P(1), link.a)
    const raw = new RawPeer(link.b)
    for (const word of order.split(', ')) {
      if (word === 'GOODBYE') raw.send(FRAME.GOODBYE, streamId(0, 0))
      else raw.say(CONTROL.SESSION_END, streamId(0, 0))
      await loop.settle()
      assert.deepEqual(ending, [1])
    }
    let ended = false
    session.end().then(() => {
      ended = true
    })
    await loop.settle()
    assert.ok(ended)
  })
}

test('whoever asks a peer that ended its session learns that, and not that it is lost', async () => {
  const mesh = new TestMesh({ kind: 'call' })
  mesh.sessions[1].end()
  await mesh.settle()
  assert.throws(() => mesh.sessions[0].call(streamId(1, 1), { ...CALL, generation: 1 }, { delivery: 'calls' }), { code: 'SessionEnded' })
})

test('whoever asks a peer that died learns why', async () => {
  const mesh = new TestMesh({ kind: 'call' })
  mesh.sessions[0].losePeer(P(1), new PeerLostError('exit code 3'))
  await mesh.settle()
  assert.throws(() => mesh.sessions[0].call(streamId(1, 1), { ...CALL, generation: 1 }, { delivery: 'calls' }), /exit code 3/)
})

test('what an ended stream left in its buffer stays charged until it is taken', async () => {
  const mesh = new TestMesh()
  const source = new TestSource(streamId(1, 1), gated(messages(2, LIMITS.framePayloadBytesMax)))
  mesh.sessions[1].register(source)
  const stream = mesh.request(0, source.id)
  void stream.ready()
  await mesh.settle()
  assert.deepEqual([stream.state, stream.bufferedMessages], ['ended', 2])
  const { budget } = mesh.sessions[0]
  // The floor of one frame is the stream's own.
  assert.deepEqual([budget.streams, budget.chargedBytes], [1, frameCost(LIMITS.framePayloadBytesMax)])
  while (stream.take() !== undefined);
  assert.deepEqual([budget.streams, budget.chargedBytes], [0, 0])
  await mesh.end()
})

test('what an ended stream left in its buffer goes with a cancel', async () => {
  const mesh = new TestMesh()
  const source = new TestSource(streamId(1, 1), gated(messages(2, LIMITS.framePayloadBytesMax)))
  mesh.sessions[1].register(source)
  const stream = mesh.request(0, source.id)
  void stream.ready()
  await mesh.settle()
  assert.deepEqual([stream.state, stream.bufferedMessages], ['ended', 2])
  stream.cancel()
  assert.equal(stream.isDone, true)
  await mesh.end()
})

test('of a peer that cannot be woken yet nothing is read: whoever answered could not tell it', async () => {
  let isReady = false
  const { loop, session, raw, sources } = servedByHand({ isReady: () => isReady })
  raw.send(FRAME.CALL, streamId(1, 0), encodeCall({ ...CALL, generation: 1, limit: 1000 }))
  loop.wake(0)
  await loop.settle()
  session.poll()
  assert.deepEqual([sources.length, session.mayWork()], [0, false])
  isReady = true
  assert.equal(session.mayWork(), true)
  loop.wake(0)
  await loop.settle()
  assert.equal(sources.length, 1)
})
