import assert from 'node:assert/strict'
import { LIMITS } from '../../src/base/limits.js'
import { CONTROL, CONTROL_FLAG } from '../../src/frame/kinds.js'
import { frameCost } from '../../src/stream/credit.js'
import { ByHand } from '../support/by-hand.js'
import { consume, errorOf, TestMesh } from '../support/test-mesh.js'
import { eager, gated, hungry, message, messages, P, streamId, TestSource } from '../support/test-source.js'
import { namedTest, type Subject } from './contract.js'

const MIB = 2 ** 20

/** Messages of every size, credit, budget, overdraft, fairness. */
export function messagesContract(subject: Subject): void {
  const test = namedTest(subject)
  const F = subject.payloadMax
  const id = streamId(3, 1)

  test('messages of every size around F arrive as they were', async () => {
    const mesh = new TestMesh(subject)
    const sizes = [1, 2, 7, 8, 9, F - 1, F, F + 1, F + 3, F + 4, F + 5, 2 * F - 5, 2 * F - 4, 2 * F - 3, 2 * F, 3 * F + 1]
    const all = sizes.map((size, number) => message(size, number))
    mesh.sessions[1].register(new TestSource(id, gated(all)))
    const outcome = consume(mesh.request(0, id))
    await mesh.settle()
    assert.equal(outcome.end, 'ended')
    assert.deepEqual(outcome.messages, all)
    await mesh.end()
  })

  test('a message of several MiB, far beyond window and ring, arrives', async () => {
    const mesh = new TestMesh(subject)
    const large = [message(3 * MIB + 5, 1), message(8, 2), message(2 * MIB, 3)]
    mesh.sessions[1].register(new TestSource(id, gated(large)))
    const outcome = consume(mesh.request(0, id))
    await mesh.settle()
    assert.deepEqual(
      outcome.messages.map((each, number) => Buffer.compare(each, large[number])),
      [0, 0, 0],
    )
    await mesh.end()
  })

  test('messages larger than the elastic budget get through one after the other, from several senders at once', async () => {
    const mesh = new TestMesh({ ...subject, participants: 3, elasticBytes: 4 * frameCost(F) })
    const size = 20 * F + 17
    const outcomes = [1, 2].flatMap((sender) =>
      [1, 2].map((logical) => {
        const stream = streamId(logical, sender)
        mesh.sessions[sender].register(new TestSource(stream, gated([message(size, logical), message(size, sender)])))
        return consume(mesh.request(0, stream))
      }),
    )
    await mesh.settle()
    for (const outcome of outcomes) {
      assert.equal(outcome.end, 'ended')
      assert.deepEqual(
        outcome.messages.map((each) => each.length),
        [size, size],
      )
    }
    await mesh.end()
  })

  test('the overdraft goes to one stream, exactly to the end of its message, and comes back when the consumer leaves', async () => {
    const hand = new ByHand({ ...subject, elasticBytes: 0 })
    const { session, raw } = hand
    const total = 3 * F
    const streams = [1, 2].map((logical) => session.request(streamId(logical, 0), { delivery: 'calls' }))
    for (const stream of streams) void stream.ready()
    await hand.settle()
    assert.deepEqual(raw.records(), [`START 1@0 ${frameCost(F)}`, `START 2@0 ${frameCost(F)}`])
    for (const logical of [1, 2]) raw.send(1, streamId(logical, 0), new Uint8Array(F - 4), total)
    await hand.settle()
    const whole = 3 * frameCost(F) + frameCost(4)
    assert.deepEqual(raw.records(), [`CREDIT 1@0 ${whole} starving`])
    streams[0].cancel()
    await hand.settle()
    assert.deepEqual(raw.records().sort(), ['CANCEL 1@0 0', `CREDIT 2@0 ${whole} starving`])
    raw.send(1, streamId(2, 0), new Uint8Array(F))
    raw.send(1, streamId(2, 0), new Uint8Array(F))
    raw.send(0, streamId(2, 0), new Uint8Array(4))
    await hand.settle()
    assert.equal(streams[1].take()?.length, total)
  })

  test('the overdraft comes back when its holder’s peer dies', async () => {
    const hand = new ByHand({ ...subject, elasticBytes: 0 })
    const { session, raw, other } = hand
    const [first, second] = [streamId(1, 0), streamId(1, 2)].map((each) => session.request(each, { delivery: 'calls' }))
    for (const stream of [first, second]) stream.ready().catch(() => {})
    await hand.settle()
    raw.send(1, streamId(1, 0), new Uint8Array(F - 4), 3 * F)
    await hand.settle()
    other.send(1, streamId(1, 2), new Uint8Array(F - 4), 3 * F)
    other.records()
    await hand.settle()
    assert.deepEqual(other.records(), [])
    hand.link.kill('b')
    await hand.settle()
    assert.equal(other.records().length, 1)
  })

  test('many more streams than the budget has windows share it, and each goes on', async () => {
    const streams = 60
    const elasticBytes = 3 * frameCost(F)
    const mesh = new TestMesh({ ...subject, elasticBytes })
    const perStream = messages(20, Math.floor(F / 2) + 1)
    const outcomes = Array.from({ length: streams }, (_, logical) => {
      mesh.sessions[1].register(new TestSource(streamId(logical, 1), gated(perStream)))
      return consume(mesh.request(0, streamId(logical, 1)))
    })
    let most = 0
    while (await mesh.loop.step()) most = Math.max(most, mesh.sessions[0].budget.chargedBytes)
    assert.ok(most <= elasticBytes, `${most} charged`)
    for (const outcome of outcomes) assert.deepEqual([outcome.end, outcome.messages.length], ['ended', 20])
    await mesh.end()
  })

  test('a message of no bytes, or of more than 256 MiB, is refused where it is written', async () => {
    const mesh = new TestMesh(subject)
    const thrown: unknown[] = []
    mesh.sessions[1].register(
      new TestSource(id, async (task) => {
        for (const size of [0, LIMITS.messageBytesMax + 1]) {
          try {
            task.sinks[0].write(new Uint8Array(size))
          } catch (error) {
            thrown.push((error as { code: unknown }).code)
          }
        }
        task.sinks[0].write(message(3))
      }),
    )
    const outcome = consume(mesh.request(0, id))
    await mesh.settle()
    assert.deepEqual([thrown, outcome.end, outcome.messages], [['MessageTooLarge', 'MessageTooLarge'], 'ended', [message(3)]])
    await mesh.end()
  })

  test('two sinks that are both busy alternate frame by frame', async () => {
    const hand = new ByHand(subject)
    const { session, raw } = hand
    for (const logical of [1, 2]) session.register(new TestSource(streamId(logical, 1), eager(messages(6, F))))
    for (const logical of [1, 2]) raw.start(streamId(logical, 1), 1e9)
    const senders = (await hand.framesToTheEnd()).filter((line) => line.startsWith('DATA ')).map((line) => line.slice(5, 6))
    assert.equal(senders.length, 12)
    for (let at = 1; at < senders.length; at++) assert.notEqual(senders[at], senders[at - 1], senders.join(''))
  })

  test('fragments of a large message take turns with small messages', async () => {
    const hand = new ByHand(subject)
    const { session, raw } = hand
    session.register(new TestSource(streamId(1, 1), eager([message(6 * F)])))
    session.register(new TestSource(streamId(2, 1), eager(messages(3, 8))))
    for (const logical of [1, 2]) raw.start(streamId(logical, 1), 1e9)
    const turns = (await hand.framesToTheEnd()).filter((line) => line.startsWith('DATA')).map((line) => line.split(' ')[1])
    assert.deepEqual(turns, ['1@1', '2@1', '1@1', '2@1', '1@1', '2@1', '1@1', '1@1', '1@1', '1@1'])
  })

  test('a consumer that does not take bounds what is queued and buffered; another stream on the link goes on', async () => {
    const mesh = new TestMesh(subject)
    const size = Math.max(64, Math.floor(F / 4))
    let stopped = false
    const slow = new TestSource(streamId(1, 1), async (task) => {
      for (let number = 0; !stopped && (await hungry(task)); number++) task.sinks[0].write(message(size, number))
    })
    mesh.sessions[1].register(slow)
    mesh.sessions[1].register(new TestSource(streamId(2, 1), gated(messages(40, 2 * F))))
    const stalled = mesh.request(0, streamId(1, 1))
    assert.ok((await Promise.all([stalled.next(), mesh.settle()]))[0])
    const outcome = consume(mesh.request(0, streamId(2, 1)))
    await mesh.settle()
    assert.deepEqual([outcome.end, outcome.messages.length], ['ended', 40])
    assert.ok(mesh.sessions[1].census().queuedBytes <= size)
    assert.ok(stalled.bufferedMessages * frameCost(size) <= Math.max(frameCost(F), LIMITS.windowBytesMax))
    assert.ok(stalled.bufferedMessages > 0)
    stopped = true
    stalled.cancel()
    await mesh.settle()
    await mesh.end()
  })

  test('to wait without a complete message grants at once and says starving, also at an unchanged limit', async () => {
    const hand = new ByHand(subject)
    const { session, raw } = hand
    const stream = session.request(streamId(1, 0), { delivery: 'calls', windowBytes: 1 })
    void stream.ready()
    await hand.settle()
    const floor = frameCost(F)
    assert.deepEqual(raw.records(), [`START 1@0 ${floor}`])
    raw.send(0, streamId(1, 0), new Uint8Array(8))
    await hand.settle()
    assert.equal(stream.take()?.length, 8)
    void stream.ready()
    await hand.settle()
    assert.deepEqual(raw.records(), [`CREDIT 1@0 ${floor + frameCost(8)} starving`])
    raw.send(0, streamId(1, 0), new Uint8Array(8))
    await hand.settle()
    stream.take()
    void stream.ready()
    stream.take()
    await hand.settle()
    assert.deepEqual(raw.records(), [`CREDIT 1@0 ${floor + 2 * frameCost(8)} starving`])
  })

  test('a sink is starving from START, and from CREDIT that says so, until a whole message went out', async () => {
    const hand = new ByHand(subject)
    const { session, raw } = hand
    const starving: boolean[] = []
    let go: () => void = () => {}
    const source = new TestSource(id, async (task) => {
      const [sink] = task.sinks
      for (const size of [8, 8]) {
        await new Promise<void>((resolve) => (go = resolve))
        starving.push(sink.isStarving)
        sink.write(message(size))
        task.flush()
        starving.push(sink.isStarving)
      }
      await new Promise<void>((resolve) => (go = resolve))
    })
    session.register(source)
    raw.start(id)
    await hand.settle()
    go()
    await hand.settle()
    raw.say(CONTROL.CREDIT, id, 100_000, { flags: CONTROL_FLAG.starving })
    await hand.settle()
    go()
    await hand.settle()
    assert.deepEqual(starving, [true, false, true, false])
    go()
    await hand.settle()
  })

  test('frames are published while a long run of them is still being written', async () => {
    const hand = new ByHand(subject)
    const { session, raw } = hand
    session.register(new TestSource(id, eager(messages(4000, 1))))
    raw.start(id, 1e9)
    const frames = await hand.framesToTheEnd()
    assert.equal(frames.length, 4001)
    assert.equal(frames.at(-1), 'END 3@1 4000/4000')
    assert.equal(session.publishedBytes(P(0)) >= 4000 * 16, true)
  })

  test('a window smaller than F is raised to one frame, so that every message can begin', async () => {
    const mesh = new TestMesh(subject)
    mesh.sessions[1].register(new TestSource(id, gated(messages(5, F + 100))))
    const outcome = consume(mesh.sessions[0].request(id, { delivery: 'flows', windowBytes: 1 }))
    await mesh.settle()
    assert.deepEqual([outcome.end, outcome.messages.length], ['ended', 5])
    await mesh.end()
  })

  test('all-to-all over four participants, each to itself too, with random schedules', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const mesh = new TestMesh({ ...subject, participants: 4, selfLinks: true, seed, elasticBytes: 8 * frameCost(F) })
      const receivers = [0, 1, 2, 3]
      const sent = messages(6, F + 9)
      for (const sender of receivers) {
        mesh.sessions[sender].register(new TestSource(streamId(5, sender), gated(sent), { receivers, delivery: 'flows' }))
      }
      const outcomes = receivers.flatMap((at) => receivers.map((sender) => consume(mesh.request(at, streamId(5, sender), 'flows'))))
      await mesh.settle()
      for (const outcome of outcomes) assert.deepEqual([outcome.end, outcome.messages.length], ['ended', 6], `seed ${seed}`)
      await mesh.end()
    }
  })

  test('a failure on the way to one receiver is nothing to the streams of others', async () => {
    const mesh = new TestMesh({ ...subject, participants: 3 })
    const source = new TestSource(id, gated(messages(30, 50)), { receivers: [0, 2] })
    mesh.sessions[1].register(source)
    const lost = mesh.request(0, id)
    void lost.ready()
    const outcome = consume(mesh.request(2, id))
    for (let step = 0; step < 4; step++) await mesh.loop.step()
    mesh.kill(0)
    await mesh.settle()
    assert.deepEqual([outcome.end, outcome.messages.length], ['ended', 30])
    await mesh.end()
  })

  test('a protocol error is told to the consumer with its message', async () => {
    const hand = new ByHand(subject)
    const outcome = consume(hand.session.request(streamId(1, 0), { delivery: 'calls' }))
    await hand.settle()
    hand.raw.sendTotals(streamId(1, 0), 5, 5)
    await hand.settle()
    assert.match(errorOf(outcome).message, /END after 5 messages/)
  })
}
