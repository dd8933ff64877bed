import assert from 'node:assert/strict'
import { PeerLostError, SessionEndedError } from '../../src/base/errors.js'
import { encodeCall } from '../../src/frame/call-payload.js'
import { CONTROL, FRAME } from '../../src/frame/kinds.js'
import { ByHand } from '../support/by-hand.js'
import { consume, errorOf, TestMesh } from '../support/test-mesh.js'
import { eager, gated, message, messages, P, streamId, TestSource } from '../support/test-source.js'
import { namedTest, type Subject, testOfFullRings } from './contract.js'

/** How sessions end, and how peers are lost. */
export function endContract(subject: Subject): void {
  const test = namedTest(subject)
  const testOfFull = testOfFullRings(subject)
  const id = streamId(3, 1)
  const asked = streamId(1, 0)
  const untilEnd = (task: { changed(): Promise<void>; readonly isCancelled: boolean }) => async (): Promise<void> => {
    while (!task.isCancelled) await task.changed()
  }

  test('SESSION_END of the peer: open sinks get RESET, planned ones go, then SESSION_END and GOODBYE', async () => {
    const hand = new ByHand(subject)
    const { session, raw } = hand
    const running = new TestSource(streamId(1, 1), (task) => untilEnd(task)())
    const planned = new TestSource(streamId(2, 1), eager([message(1)]))
    const ended = new TestSource(streamId(4, 1), eager([message(1)]))
    for (const source of [running, planned, ended]) session.register(source)
    raw.start(running.id)
    raw.start(ended.id)
    raw.start(streamId(9, 1))
    await hand.settle()
    assert.deepEqual(raw.frames(), ['DATA 4@1 1', 'END 4@1 1/1'])
    raw.say(CONTROL.SESSION_END, streamId(0, 0))
    await hand.settle()
    assert.deepEqual(raw.frames(), ['RESET 1@1', 'GOODBYE'])
    assert.deepEqual(raw.records(), ['SESSION_END 0@0 0'])
    assert.deepEqual([running.task?.isCancelled, planned.runs, planned.disposed, session.census().parked], [true, 0, 1, 0])
    assert.equal(hand.link.releases.a, 0, 'GOODBYE was not read yet')
    raw.send(FRAME.GOODBYE, streamId(0, 0))
    await hand.settle()
    assert.equal(hand.link.releases.a, 1)
    assert.equal(session.isOpen && session.isPeerOpen(P(2)), true)
  })

  test('GOODBYE without SESSION_END ends the session with that peer too', async () => {
    const hand = new ByHand(subject)
    hand.raw.send(FRAME.GOODBYE, streamId(0, 0))
    await hand.settle()
    assert.deepEqual([hand.raw.frames(), hand.link.releases.a], [['GOODBYE'], 1])
  })

  test('what has no terminal at GOODBYE fails as SessionEndedError, after what was complete', async () => {
    const hand = new ByHand(subject)
    const outcome = consume(hand.session.request(asked, { delivery: 'calls' }))
    const unpolled = hand.session.request(streamId(2, 0), { delivery: 'calls' })
    await hand.settle()
    hand.raw.send(FRAME.DATA, asked, message(4))
    hand.raw.send(FRAME.GOODBYE, streamId(0, 0))
    await hand.settle()
    assert.deepEqual([outcome.messages, errorOf(outcome).code], [[message(4)], 'SessionEnded'])
    await assert.rejects(unpolled.next(), { code: 'SessionEnded' })
  })

  test('RESET tells the consumer that the other side ended its session', async () => {
    const hand = new ByHand(subject)
    const outcome = consume(hand.session.request(asked, { delivery: 'calls' }))
    await hand.settle()
    hand.raw.send(FRAME.DATA, asked, message(4))
    hand.raw.send(FRAME.RESET, asked, new Uint8Array(8))
    await hand.settle()
    assert.deepEqual([outcome.messages, errorOf(outcome).code], [[message(4)], 'SessionEnded'])
  })

  test('our own end tells consumers at once, discards what comes, and waits for GOODBYE', async () => {
    const hand = new ByHand(subject)
    const { session, raw, other } = hand
    const outcome = consume(session.request(asked, { delivery: 'calls' }))
    await hand.settle()
    assert.equal(raw.records().length, 1)
    let ended = false
    session.end(new SessionEndedError('closing time')).then(() => {
      ended = true
    })
    await hand.settle()
    assert.match(errorOf(outcome).message, /closing time/)
    assert.deepEqual(raw.records(), ['CANCEL 1@0 0', 'SESSION_END 0@0 0'])
    assert.deepEqual(raw.frames(), ['GOODBYE'])
    raw.send(FRAME.DATA, asked, message(4))
    raw.send(FRAME.RESET, asked, new Uint8Array(8))
    raw.send(FRAME.GOODBYE, streamId(0, 0))
    await hand.settle()
    assert.equal(ended, false)
    other.send(FRAME.GOODBYE, streamId(0, 0))
    await hand.settle()
    assert.equal(ended, true)
    assert.throws(() => session.request(streamId(5, 0), { delivery: 'calls' }), { code: 'SessionEnded' })
  })

  test('a CALL, a START and a CANCEL that cross the end open nothing and break nothing', async () => {
    const hand = new ByHand({ ...subject, kind: 'call', called: () => assert.fail('nothing may open') })
    const { session, raw } = hand
    void session.end()
    const call = { generation: 1, procedure: 0, limit: 1, inputId: streamId(0, 0), inputGeneration: 0, input: new Uint8Array(0) }
    raw.send(FRAME.CALL, streamId(1, 1), encodeCall(call))
    raw.say(CONTROL.CANCEL_STREAM, streamId(1, 1), 0, { generation: 1 })
    raw.say(CONTROL.CREDIT, streamId(1, 1), 5, { generation: 1 })
    await hand.settle()
    assert.equal(raw.end.condition(), 'open')

    const query = new ByHand(subject)
    void query.session.end()
    query.raw.start(id)
    query.raw.say(CONTROL.CREDIT, id, 200_000)
    query.raw.say(CONTROL.CANCEL_STREAM, id)
    await query.settle()
    assert.deepEqual([query.raw.end.condition(), query.raw.frames(), query.session.census().parked], ['open', ['GOODBYE'], 0])
  })

  testOfFull('GOODBYE waits behind RESETs for room in a full ring', async () => {
    const hand = new ByHand(subject)
    const { session, raw } = hand
    session.register(new TestSource(streamId(1, 1), eager(messages(40, subject.payloadMax))))
    const count = 30
    for (let logical = 10; logical < 10 + count; logical++)
      session.register(new TestSource(streamId(logical, 1), (task) => untilEnd(task)()))
    raw.start(streamId(1, 1), 1e9)
    for (let logical = 10; logical < 10 + count; logical++) raw.start(streamId(logical, 1))
    await hand.settle()
    void session.end()
    const frames = (await hand.framesToTheEnd()).filter((line) => !line.startsWith('DATA'))
    assert.deepEqual([frames.length, frames.at(-1)], [count + 2, 'GOODBYE'])
    assert.ok(frames.slice(0, -1).every((line) => line.startsWith('RESET')))
  })

  test('sessions end in any order and at the same time, with streams in every state', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const mesh = new TestMesh({ ...subject, participants: 3, seed, selfLinks: seed % 2 === 0 })
      const receivers = [0, 1, 2].filter((each) => seed % 2 === 0 || each !== 1)
      const source = new TestSource(id, gated(messages(400, 90)), { receivers })
      mesh.sessions[1].register(source)
      mesh.sessions[2].register(new TestSource(streamId(1, 2), eager(messages(5, 10))))
      const outcomes = receivers.map((at) => consume(mesh.request(at, id)))
      consume(mesh.request(0, streamId(1, 2)), 1)
      mesh.request(0, streamId(8, 1))
      for (let step = 0; step < seed * 3; step++) await mesh.loop.step()
      if (seed % 3 === 0) mesh.sessions[seed % 2].end()
      await mesh.loop.step()
      await mesh.end()
      for (const outcome of outcomes) {
        if (outcome.end !== 'ended') assert.equal(errorOf(outcome).code, 'SessionEnded')
        else assert.equal(outcome.messages.length, 400)
      }
    }
  })

  for (const delivery of ['calls', 'flows'] as const) {
    test(`in ${delivery} a lost peer is told ${delivery === 'calls' ? 'after the complete messages' : 'at once; what is buffered is dropped'}`, async () => {
      const hand = new ByHand(subject)
      const stream = hand.session.request(asked, { delivery })
      stream.ready().catch(() => {})
      await hand.settle()
      hand.raw.send(FRAME.DATA, asked, message(4))
      hand.raw.send(FRAME.DATA_MORE, asked, message(subject.payloadMax - 4), 3 * subject.payloadMax)
      hand.link.kill('b')
      await hand.settle()
      if (delivery === 'calls') assert.deepEqual(await stream.next(), message(4))
      await assert.rejects(stream.next(), { code: 'PeerLost' })
      assert.deepEqual(hand.session.census().chargedBytes, 0)
      assert.equal(hand.session.budget.streams, 0)
    })
  }

  test('END that was published before the death is the end, and no loss', async () => {
    const hand = new ByHand(subject)
    const outcome = consume(hand.session.request(asked, { delivery: 'flows' }))
    await hand.settle()
    hand.raw.send(FRAME.DATA, asked, message(4))
    hand.raw.sendTotals(asked, 1, 4)
    hand.link.kill('b')
    await hand.settle()
    assert.deepEqual([outcome.end, outcome.messages], ['ended', [message(4)]])
  })

  test('every sink towards the dead is closed; a source with others goes on, one without is told', async () => {
    const hand = new ByHand(subject)
    const { session, raw, other } = hand
    const shared = new TestSource(streamId(1, 1), (task) => untilEnd(task)(), { receivers: [0, 2] })
    const alone = new TestSource(streamId(2, 1), (task) => untilEnd(task)())
    const planned = new TestSource(streamId(4, 1), eager([message(1)]))
    for (const source of [shared, alone, planned]) session.register(source)
    for (const each of [shared, alone]) raw.start(each.id)
    other.start(shared.id)
    raw.say(CONTROL.CANCEL_STREAM, streamId(9, 1))
    await hand.settle()
    hand.link.kill('b')
    await hand.settle()
    assert.deepEqual([shared.task?.isCancelled, alone.task?.isCancelled, planned.disposed], [false, true, 1])
    assert.equal(session.census().parked, 0)
    other.say(CONTROL.CANCEL_STREAM, shared.id)
    await hand.settle()
    assert.deepEqual([shared.task?.isCancelled, session.registry.tasks, session.registry.sources], [true, 0, 0])
  })

  test('a stream asked from the dead fails, whether it was asked before, unpolled, or after', async () => {
    const hand = new ByHand(subject)
    const before = hand.session.request(asked, { delivery: 'calls' })
    hand.session.losePeer(P(0), new PeerLostError('exit code 1'))
    hand.session.losePeer(P(0), new PeerLostError('again'))
    const after = hand.session.request(streamId(2, 0), { delivery: 'calls' })
    for (const stream of [before, after]) {
      await assert.rejects(stream.next(), /exit code 1/)
      await assert.rejects(stream.next(), /exit code 1/)
      stream.cancel()
    }
    assert.equal(hand.link.releases.a, 1)
    await hand.settle()
  })

  test('a session whose peers are all lost ends', async () => {
    const mesh = new TestMesh({ ...subject, participants: 3 })
    mesh.sessions[1].register(new TestSource(id, gated(messages(100, 100)), { receivers: [0, 2] }))
    const outcome = consume(mesh.request(0, id))
    for (let step = 0; step < 6; step++) await mesh.loop.step()
    mesh.kill(1)
    mesh.kill(2)
    await mesh.end()
    assert.equal(typeof outcome.end, 'object')
  })

  test('a source registered for a peer that is gone, or ending, is let go at once', async () => {
    const hand = new ByHand(subject)
    hand.session.losePeer(P(0), new PeerLostError('gone'))
    hand.other.say(CONTROL.SESSION_END, streamId(0, 0))
    await hand.settle()
    const source = new TestSource(id, eager([message(1)]), { receivers: [0, 2] })
    hand.session.register(source)
    await hand.settle()
    assert.deepEqual([source.runs, source.disposed, hand.session.census().sources], [0, 1, 0])
  })

  test('1000 short streams leave nothing', async () => {
    for (let number = 0; number < 1000 / 50; number++) {
      const mesh = new TestMesh({ ...subject, ringBytes: 0x1000, seed: number })
      for (let logical = 0; logical < 50; logical++) {
        mesh.sessions[1].register(new TestSource(streamId(logical, 1), eager(messages(2, 10))))
        const outcome = consume(mesh.request(0, streamId(logical, 1)), 1 + (logical % 3))
        void outcome
      }
      await mesh.settle()
      mesh.assertNoLeaks()
      await mesh.end()
    }
  })
}
