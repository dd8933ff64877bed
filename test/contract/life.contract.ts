import assert from 'node:assert/strict'
import { CONTROL } from '../../src/frame/kinds.js'
import { decodeError, encodeError, RANK, rankOf } from '../../src/stream/error-payload.js'
import type { SourceTask } from '../../src/stream/source-task.js'
import { ByHand } from '../support/by-hand.js'
import { consume, errorOf, TestMesh } from '../support/test-mesh.js'
import { eager, gated, message, messages, streamId, TestSource } from '../support/test-source.js'
import { namedTest, type Subject, testOfFullRings } from './contract.js'

/** Start, cancel, registration: the life of planned streams. */
export function lifeContract(subject: Subject): void {
  const test = namedTest(subject)
  const testOfFull = testOfFullRings(subject)
  const id = streamId(3, 1)
  const duo = () => new TestMesh(subject)
  const byHand = () => new ByHand(subject)

  test('a stream that nobody polls sends nothing, starts nothing, costs nothing', async () => {
    const mesh = duo()
    const source = new TestSource(id, eager([message(1)]))
    mesh.sessions[1].register(source)
    mesh.request(0, id)
    await mesh.settle()
    assert.equal(source.runs, 0)
    assert.equal(mesh.sessions[0].budget.streams, 0)
    assert.deepEqual([mesh.sessions[0].census().cells, mesh.link(0, 1).isDrained()], [0, true])
    await mesh.end()
    assert.deepEqual([source.runs, source.disposed], [0, 1])
  })

  test('START runs the source, once, and END carries the totals', async () => {
    const { session, raw, settle } = bind(byHand())
    const source = new TestSource(id, eager(messages(3, 10)))
    session.register(source)
    raw.start(id)
    raw.start(id)
    await settle()
    assert.deepEqual(raw.frames(), ['DATA 3@1 10', 'DATA 3@1 10', 'DATA 3@1 10', 'END 3@1 3/30'])
    raw.start(id)
    await settle()
    assert.deepEqual([raw.frames(), source.runs], [[], 1])
  })

  test('START twice while the source runs is one execution', async () => {
    const { session, raw, settle } = bind(byHand())
    let go: () => void = () => {}
    const source = new TestSource(id, async (task) => {
      await new Promise<void>((resolve) => (go = resolve))
      task.sinks[0].write(message(1))
    })
    session.register(source)
    raw.start(id)
    await settle()
    raw.start(id)
    await settle()
    assert.deepEqual([raw.frames(), source.runs], [[], 1])
    go()
    await settle()
    assert.deepEqual([raw.frames(), source.runs], [['DATA 3@1 1', 'END 3@1 1/1'], 1])
  })

  test('CANCEL before START closes the sink; a START after it runs nothing', async () => {
    const { session, raw, settle } = bind(byHand())
    const source = new TestSource(id, eager([message(1)]))
    session.register(source)
    raw.say(CONTROL.CANCEL_STREAM, id)
    await settle()
    assert.deepEqual([raw.frames(), source.disposed], [['RESET 3@1'], 1])
    raw.start(id)
    raw.say(CONTROL.CREDIT, id, 200_000)
    raw.say(CONTROL.CANCEL_STREAM, id)
    await settle()
    assert.deepEqual([raw.frames(), source.runs], [[], 0])
  })

  test('a consumer that leaves before its first wait sends a CANCEL, and the source goes', async () => {
    const mesh = duo()
    const source = new TestSource(id, eager([message(1)]))
    mesh.sessions[1].register(source)
    const stream = mesh.request(0, id)
    stream.cancel()
    assert.equal(await stream.next(), undefined)
    await mesh.settle()
    assert.deepEqual([stream.state, source.runs, source.disposed], ['ended', 0, 1])
    await mesh.end()
  })

  test('CANCEL that crosses END on its way changes nothing', async () => {
    const { session, raw, settle } = bind(byHand())
    session.register(new TestSource(id, eager([message(1)])))
    raw.start(id)
    await settle()
    raw.say(CONTROL.CANCEL_STREAM, id)
    await settle()
    assert.deepEqual(raw.frames(), ['DATA 3@1 1', 'END 3@1 1/1'])
    assert.deepEqual(session.census().sinks, 0)
  })

  test('CANCEL while END waits behind data that lacks credit drops both and sends RESET', async () => {
    const { session, raw, settle } = bind(byHand())
    session.register(new TestSource(id, eager(messages(3, 8))))
    raw.start(id, 72)
    await settle()
    raw.say(CONTROL.CANCEL_STREAM, id)
    await settle()
    assert.deepEqual(raw.frames(), ['DATA 3@1 8', 'RESET 3@1'])
    assert.equal(session.census().queuedBytes, 0)
  })

  test('a consumer that leaves while END is on its way reads it and is done', async () => {
    const mesh = duo()
    mesh.sessions[1].register(new TestSource(id, eager(messages(3, 8))))
    const stream = mesh.request(0, id)
    void stream.ready()
    for (let step = 0; stream.bufferedMessages === 0 && step < 20; step++) await mesh.loop.step()
    stream.cancel()
    await mesh.settle()
    assert.deepEqual([stream.state, stream.isDone, stream.take()], ['ended', true, undefined])
    await mesh.end()
  })

  test('leaving one of three receivers disturbs no other; the source ends when all have left', async () => {
    const mesh = new TestMesh({ ...subject, participants: 4 })
    const source = new TestSource(id, gated(messages(50, 100)), { receivers: [0, 2, 3], delivery: 'flows' })
    mesh.sessions[1].register(source)
    const leaver = consume(mesh.request(2, id), 3)
    const stayers = [consume(mesh.request(0, id)), consume(mesh.request(3, id))]
    await mesh.settle()
    assert.equal(leaver.messages.length, 3)
    assert.deepEqual(
      stayers.map((each) => [each.end, each.messages.length]),
      [
        ['ended', 50],
        ['ended', 50],
      ],
    )
    await mesh.end()

    const second = new TestMesh({ ...subject, participants: 4 })
    const endless = new TestSource(id, endlessly, { receivers: [0, 2, 3], delivery: 'flows' })
    second.sessions[1].register(endless)
    for (const [index, receiver] of [0, 2, 3].entries()) consume(second.request(receiver, id), index + 1)
    await second.settle()
    assert.deepEqual([endless.task?.isCancelled, endless.task?.signal.aborted], [true, true])
    assert.equal(second.sessions[1].registry.tasks, 0)
    await second.end()
  })

  test('a receiver that never starts holds back nobody; END is kept for it', async () => {
    const mesh = new TestMesh({ ...subject, participants: 3 })
    const source = new TestSource(id, gated(messages(20, 10)), { receivers: [0, 2] })
    mesh.sessions[1].register(source)
    const first = consume(mesh.request(0, id))
    await mesh.settle()
    assert.deepEqual([first.end, first.messages.length], ['ended', 20])
    const late = consume(mesh.request(2, id))
    await mesh.settle()
    assert.deepEqual([late.end, late.messages.length, source.runs], ['ended', 20, 1])
    await mesh.end()
  })

  test('START of a source that is not registered yet waits for it', async () => {
    const { session, raw, settle } = bind(byHand())
    raw.start(id)
    raw.say(CONTROL.CREDIT, id, 200_000)
    await settle()
    assert.equal(session.census().parked, 1)
    session.register(new TestSource(id, eager([message(1)])))
    await settle()
    assert.deepEqual(raw.frames(), ['DATA 3@1 1', 'END 3@1 1/1'])
  })

  test('START of a source that was never planned waits until planning is over, then gets an ERROR', async () => {
    const { session, raw, settle } = bind(byHand())
    raw.start(id)
    await settle()
    assert.deepEqual(raw.frames(), [])
    session.seal()
    await settle()
    const [line, ...rest] = raw.frames()
    assert.match(line, /^ERROR 3@1 no source/)
    assert.deepEqual(rest, [])
    raw.start(id)
    raw.start(streamId(4, 1))
    await settle()
    assert.match(raw.frames().join(), /^ERROR 4@1 no source[^,]*$/)
  })

  test('planning that fails answers every START, parked, later or registered, with that error, and every CANCEL with RESET', async () => {
    const { session, raw, settle } = bind(byHand())
    const registered = new TestSource(streamId(1, 1), eager([message(1)]))
    session.register(registered)
    raw.start(streamId(2, 1))
    raw.say(CONTROL.CANCEL_STREAM, streamId(3, 1))
    await settle()
    session.seal(new RangeError('bad plan'))
    raw.start(streamId(1, 1))
    raw.start(streamId(4, 1))
    raw.say(CONTROL.CANCEL_STREAM, streamId(5, 1))
    await settle()
    assert.deepEqual(raw.frames().sort(), ['ERROR 1@1 bad plan', 'ERROR 2@1 bad plan', 'ERROR 4@1 bad plan', 'RESET 3@1', 'RESET 5@1'])
    assert.deepEqual([registered.runs, registered.disposed, session.census().parked], [0, 1, 0])
  })

  test('CANCEL of what is not registered waits, and then closes the sink', async () => {
    const { session, raw, settle } = bind(byHand())
    raw.say(CONTROL.CANCEL_STREAM, id)
    await settle()
    assert.deepEqual(raw.frames(), [])
    const source = new TestSource(id, eager([message(1)]))
    session.register(source)
    await settle()
    assert.deepEqual([raw.frames(), source.runs, source.disposed], [['RESET 3@1'], 0, 1])
  })

  test('START and then CANCEL of what is not registered end in one terminal frame', async () => {
    for (const registers of [true, false]) {
      const { session, raw, settle } = bind(byHand())
      raw.start(id)
      raw.say(CONTROL.CANCEL_STREAM, id)
      await settle()
      const source = new TestSource(id, eager([message(1)]))
      if (registers) session.register(source)
      else session.seal()
      await settle()
      assert.equal(raw.frames().length, 1)
      assert.deepEqual([source.runs, source.disposed], registers ? [0, 1] : [0, 0])
    }
  })

  testOfFull('START, CANCEL and credit are not lost when the control ring is full', async () => {
    const { session, raw, settle } = bind(byHand())
    const count = 600
    const streams = Array.from({ length: count }, (_, logical) => session.request(streamId(logical, 0), { delivery: 'calls' }))
    for (const stream of streams) void stream.ready()
    await settle()
    const first = raw.records(100)
    assert.equal(first.length, 100)
    await settle()
    for (const stream of streams) stream.cancel()
    const said: string[] = [...first]
    for (let more = raw.records(7); more.length > 0; more = raw.records(7)) {
      said.push(...more)
      await settle()
    }
    const starts = said.filter((line) => line.startsWith('START')).length
    const cancels = new Set(said.filter((line) => line.startsWith('CANCEL')))
    assert.ok(starts >= 256 && starts < count, `${starts} starts`)
    assert.equal(cancels.size, count)
    assert.equal(said.length, starts + count)
    assert.equal(session.census().cells, 0)
  })

  for (const [what, ends, terminal] of [
    ['END', async () => {}, 'END 9@1 1/1'],
    [
      'ERROR',
      async () => {
        throw new Error('late')
      },
      'ERROR 9@1 late',
    ],
  ] as const) {
    test(`${what} is not lost when the ring is full`, async () => {
      const hand = byHand()
      const { session, raw } = hand
      const filler = new TestSource(streamId(1, 1), eager(messages(40, subject.payloadMax)))
      session.register(filler)
      const source = new TestSource(streamId(9, 1), async (task) => {
        task.sinks[0].write(message(1))
        await ends()
      })
      session.register(source)
      raw.start(streamId(1, 1), 1e9)
      await hand.settle()
      assert.equal(session.mayWork(), false, 'the ring is full')
      raw.start(streamId(9, 1), 1e9)
      await hand.settle()
      const frames = await hand.framesToTheEnd()
      assert.deepEqual(
        frames.filter((line) => line.includes(' 9@1')),
        ['DATA 9@1 1', terminal],
      )
      assert.equal(frames.filter((line) => line.startsWith('DATA 1@1')).length, 40)
    })
  }

  test('in a flow an ERROR jumps its queue; what was queued is dropped', async () => {
    const { session, raw, settle } = bind(byHand())
    const source = new TestSource(
      id,
      async (task) => {
        for (const each of messages(3, 8)) task.sinks[0].write(each)
        throw new Error('boom')
      },
      { delivery: 'flows' },
    )
    session.register(source)
    raw.start(id, 72)
    await settle()
    assert.deepEqual(raw.frames(), ['ERROR 3@1 boom'])
    assert.equal(session.census().queuedBytes, 0)
  })

  test('in a call what a handler throws waits behind its data', async () => {
    const mesh = duo()
    mesh.sessions[1].register(
      new TestSource(id, async (task) => {
        for (const each of messages(3, 8)) task.sinks[0].write(each)
        throw new Error('boom')
      }),
    )
    const outcome = consume(mesh.request(0, id, 'calls'))
    await mesh.settle()
    assert.deepEqual([outcome.messages, errorOf(outcome).message], [messages(3, 8), 'boom'])
    assert.equal(mesh.sourceErrors.length, 1)
    await mesh.end()
  })

  test('in a flow an ERROR discards what is buffered at the receiver', async () => {
    const mesh = duo()
    mesh.sessions[1].register(
      new TestSource(
        id,
        async (task) => {
          for (const each of messages(3, 8)) task.sinks[0].write(each)
          task.flush()
          await new Promise((resolve) => setImmediate(resolve))
          throw new Error('boom')
        },
        { delivery: 'flows' },
      ),
    )
    const stream = mesh.request(0, id, 'flows')
    void stream.ready()
    await mesh.settle()
    assert.equal(stream.bufferedMessages, 0)
    assert.throws(() => stream.isDone, /boom/)
    await mesh.end()
  })

  test('the rank of an error is kept when it is forwarded', async () => {
    const mesh = duo()
    const received = decodeError(encodeError(new Error('far away'), RANK.consequence, 512))
    mesh.sessions[1].register(new TestSource(id, () => Promise.reject(received)))
    const outcome = consume(mesh.request(0, id))
    await mesh.settle()
    assert.equal(rankOf(errorOf(outcome)), RANK.consequence)
    await mesh.end()
  })

  test('what a source throws after all have left is nobody’s', async () => {
    const mesh = duo()
    mesh.sessions[1].register(
      new TestSource(id, async (task) => {
        await endlessly(task)
        throw new Error('on the way out')
      }),
    )
    const outcome = consume(mesh.request(0, id), 2)
    await mesh.settle()
    assert.deepEqual([outcome.end, mesh.sourceErrors], ['ended', []])
    await mesh.end()
  })

  test('ids at 65535 work', async () => {
    const mesh = duo()
    const last = streamId(0xffff, 1)
    mesh.sessions[1].register(new TestSource(last, eager([message(5)])))
    const outcome = consume(mesh.request(0, last))
    await mesh.settle()
    assert.deepEqual([outcome.end, outcome.messages], ['ended', [message(5)]])
    await mesh.end()
  })
}

async function endlessly(task: SourceTask): Promise<void> {
  void task.signal
  for (let number = 0; ; number++) {
    while (!task.isCancelled && !task.sinks.some((sink) => sink.isHungry)) await task.changed()
    if (task.isCancelled) return
    for (const sink of task.sinks) if (!sink.isClosed) sink.write(message(20, number))
  }
}

function bind(hand: ByHand): Pick<ByHand, 'session' | 'raw'> & { settle: () => Promise<void> } {
  return { session: hand.session, raw: hand.raw, settle: () => hand.settle() }
}
