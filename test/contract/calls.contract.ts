import assert from 'node:assert/strict'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { type CallPayload, encodeCall } from '../../src/frame/call-payload.js'
import { CONTROL, CONTROL_FLAG, FRAME } from '../../src/frame/kinds.js'
import type { Inbound } from '../../src/stream/inbound.js'
import type { Session } from '../../src/stream/session.js'
import type { SourceTask } from '../../src/stream/source-task.js'
import { ByHand } from '../support/by-hand.js'
import { consume, errorOf, TestMesh } from '../support/test-mesh.js'
import { eager, gated, hungry, message, messages, P, streamId, TestSource } from '../support/test-source.js'
import { namedTest, type Subject, testOfFullRings } from './contract.js'

const NOTHING = new Uint8Array(0)
const CALL = { generation: 1, procedure: 0, limit: 1e6, inputId: streamId(0, 0), inputGeneration: 0, input: NOTHING }
const RESULT = streamId(1, 1)

/** Calls in a mesh that lives: generations, inputs, reuse of ids, errors. */
export function callsContract(subject: Subject): void {
  const test = namedTest(subject)
  const testOfFull = testOfFullRings(subject)

  /** A callee by hand's peer, which runs `produce` for each call. */
  const callee = (produce: (task: SourceTask) => Promise<void>): { hand: ByHand; sources: TestSource[] } => {
    const sources: TestSource[] = []
    const hand = new ByHand({
      ...subject,
      kind: 'call',
      called: (session, id, { generation, limit }) => {
        const source = new TestSource(id, produce)
        sources.push(source)
        session.registry.registerCall(source, generation, limit)
      },
    })
    return { hand, sources }
  }
  const untilCancelled = async (task: SourceTask): Promise<void> => {
    while (!task.isCancelled) await task.changed()
  }

  test('a CALL is its own START: the result comes, then END, and nothing is kept', async () => {
    const { hand, sources } = callee(eager(messages(2, 8)))
    hand.raw.send(FRAME.CALL, RESULT, encodeCall(CALL))
    await hand.settle()
    assert.deepEqual(hand.raw.frames(), ['DATA 1@1 8', 'DATA 1@1 8', 'END 1@1 2/16'])
    await hand.settle()
    assert.equal(sources.length, 1)
    const { sources: kept, sinks, tasks } = hand.session.census()
    assert.deepEqual([kept, sinks, tasks], [0, 0, 0])
  })

  test('the result of a call is limited by the CALL’s first limit', async () => {
    const { hand } = callee(eager(messages(5, 8)))
    hand.raw.send(FRAME.CALL, RESULT, encodeCall({ ...CALL, limit: 144 }))
    await hand.settle()
    assert.deepEqual(hand.raw.frames(), ['DATA 1@1 8', 'DATA 1@1 8'])
    hand.raw.say(CONTROL.CREDIT, RESULT, 1e6, { generation: 1 })
    await hand.settle()
    assert.equal(hand.raw.frames().at(-1), 'END 1@1 5/40')
  })

  test('CREDIT and CANCEL of an older generation are ignored', async () => {
    const { hand, sources } = callee(untilCancelled)
    const call = (generation: number) => hand.raw.send(FRAME.CALL, RESULT, encodeCall({ ...CALL, generation }))
    const cancel = (generation: number) => hand.raw.say(CONTROL.CANCEL_STREAM, RESULT, 0, { generation })
    call(1)
    await hand.settle()
    cancel(1)
    await hand.settle()
    assert.deepEqual(hand.raw.frames(), ['RESET 1@1'])
    cancel(1)
    hand.raw.say(CONTROL.CREDIT, RESULT, 2e6, { generation: 1 })
    call(2)
    await hand.settle()
    cancel(1)
    hand.raw.say(CONTROL.CREDIT, RESULT, 1, { generation: 1, flags: CONTROL_FLAG.starving })
    await hand.settle()
    assert.deepEqual([hand.raw.frames(), sources[1].task?.isCancelled, hand.raw.end.condition()], [[], false, 'open'])
    cancel(2)
    await hand.settle()
    assert.deepEqual(hand.raw.frames(), ['RESET 1@1'])
  })

  test('a record of a newer generation means that its CALL is in the ring, which is read first', async () => {
    const { hand, sources } = callee(eager([message(8)]))
    hand.raw.send(FRAME.CALL, RESULT, encodeCall(CALL))
    hand.raw.say(CONTROL.CANCEL_STREAM, RESULT, 0, { generation: 1 })
    await hand.settle()
    assert.deepEqual(hand.raw.frames(), ['RESET 1@1'])
    assert.deepEqual([sources[0].runs, sources[0].disposed], [0, 1])
    hand.raw.send(FRAME.CALL, RESULT, encodeCall({ ...CALL, generation: 2, limit: 0 }))
    hand.raw.say(CONTROL.CREDIT, RESULT, 1000, { generation: 2 })
    await hand.settle()
    assert.deepEqual(hand.raw.frames(), ['DATA 1@1 8', 'END 1@1 1/8'])
  })

  testOfFull('a call behind a full ring waits for room; cancelled meanwhile, it is never sent', async () => {
    const hand = new ByHand({ ...subject, kind: 'call' })
    const { session, raw } = hand
    const input = new Uint8Array(subject.payloadMax - 24)
    const options = { delivery: 'calls' } as const
    const call = (logical: number): Inbound => session.call(streamId(logical, 0), { ...CALL, input }, options)
    const calls = Array.from({ length: 20 }, (_, logical) => call(logical))
    await hand.settle()
    calls[18].cancel()
    await hand.settle()
    assert.deepEqual([calls[18].state, calls[18].isDone], ['ended', true])
    const frames = await hand.framesToTheEnd()
    assert.deepEqual(
      frames,
      calls.flatMap((_, logical) => (logical === 18 ? [] : [logical])).map((logical) => `CALL ${logical}@0 g1`),
    )
    assert.deepEqual(raw.records(), [])
    calls[19].cancel()
    await hand.settle()
    assert.deepEqual(raw.records(), ['CANCEL 19@0 g1 0'])
  })

  /** Two sessions; participant 1 echoes each call's input in its result. */
  const echoing = (produce?: (session: Session, id: PhysicalStreamId, call: CallPayload) => TestSource): TestMesh =>
    new TestMesh({
      ...subject,
      kind: 'call',
      called: (session, _peer, id, call) => {
        const source = produce?.(session, id, call) ?? new TestSource(id, eager(call.input === undefined ? [] : [call.input.slice()]))
        session.registry.registerCall(source, call.generation, call.limit)
      },
    })
  const callOn = (mesh: TestMesh, generation: number, input: Uint8Array): Inbound =>
    mesh.sessions[0].call(RESULT, { ...CALL, generation, input }, { delivery: 'calls' })

  test('an id is used again and again after its terminal, and nothing piles up', async () => {
    const mesh = echoing()
    for (let generation = 1; generation <= 300; generation++) {
      const outcome = consume(callOn(mesh, generation, message(9, generation)))
      await mesh.settle()
      assert.deepEqual([outcome.end, outcome.messages], ['ended', [message(9, generation)]])
    }
    mesh.assertNoLeaks()
    await mesh.end()
  })

  test('an id is used again at once after an early cancel, whose late records harm nobody', async () => {
    const mesh = echoing((_session, id) => new TestSource(id, gated(messages(50, 64))))
    for (let generation = 1; generation <= 30; generation++) {
      const outcome = consume(callOn(mesh, generation, message(1)), 2)
      await mesh.settle()
      assert.deepEqual([outcome.end, outcome.messages], ['ended', messages(2, 64)])
    }
    mesh.assertNoLeaks()
    await mesh.end()
  })

  test('a large input is a stream of the caller’s own, asked for by the callee', async () => {
    const mesh = echoing((session, id, call) => {
      return new TestSource(id, async (task) => {
        const input = session.input(call.inputId, call.inputGeneration)
        for (let next = await input.next(); next !== undefined; next = await input.next()) {
          if (await hungry(task)) task.sinks[0].write(next)
        }
      })
    })
    for (let generation = 1; generation <= 3; generation++) {
      const inputId = streamId(0x8001, 0)
      const sent = messages(4, subject.payloadMax + 100)
      mesh.sessions[0].registry.registerInput(new TestSource(inputId, gated(sent), { receivers: [1] }), generation)
      const call = { ...CALL, generation, input: undefined, inputId, inputGeneration: generation }
      const outcome = consume(mesh.sessions[0].call(RESULT, call, { delivery: 'calls' }))
      await mesh.settle()
      assert.equal(outcome.end, 'ended')
      assert.deepEqual(outcome.messages, sent)
      mesh.assertNoLeaks()
    }
    await mesh.end()
  })

  test('a callee that does not want the input cancels it; the caller’s source never runs', async () => {
    const mesh = echoing((session, id, call) => {
      session.input(call.inputId, call.inputGeneration).cancel()
      return new TestSource(id, eager([message(1)]))
    })
    const input = new TestSource(streamId(0x8001, 0), eager([message(8)]), { receivers: [1] })
    mesh.sessions[0].registry.registerInput(input, 1)
    const call = { ...CALL, input: undefined, inputId: input.id, inputGeneration: 1 }
    const outcome = consume(mesh.sessions[0].call(RESULT, call, { delivery: 'calls' }))
    await mesh.settle()
    assert.deepEqual([outcome.end, input.runs, input.disposed], ['ended', 0, 1])
    mesh.assertNoLeaks()
    await mesh.end()
  })

  test('what a handler throws arrives after its data: 1, 2, 3, then the error', async () => {
    const mesh = echoing((_session, id) => {
      return new TestSource(id, async (task) => {
        for (const each of messages(3, 8)) if (await hungry(task)) task.sinks[0].write(each)
        throw new TypeError('boom')
      })
    })
    const outcome = consume(callOn(mesh, 1, NOTHING))
    await mesh.settle()
    assert.deepEqual(outcome.messages, messages(3, 8))
    assert.deepEqual([errorOf(outcome).message, errorOf(outcome) instanceof TypeError], ['boom', true])
    mesh.assertNoLeaks()
    await mesh.end()
  })

  test('both sides call each other at the same time with the same logical ids', async () => {
    for (const seed of [1, 2, 3]) {
      const mesh = new TestMesh({
        ...subject,
        kind: 'call',
        seed,
        called: (session, peer, id, call) =>
          session.registry.registerCall(
            new TestSource(id, eager([call.input!.slice()]), { receivers: [peer] }),
            call.generation,
            call.limit,
          ),
      })
      const outcomes = [0, 1].flatMap((caller) =>
        Array.from({ length: 20 }, (_, logical) => {
          const id = streamId(logical, 1 - caller)
          return consume(mesh.sessions[caller].call(id, { ...CALL, input: message(5, logical) }, { delivery: 'calls' }))
        }),
      )
      await mesh.settle()
      for (const [index, outcome] of outcomes.entries())
        assert.deepEqual([outcome.end, outcome.messages], ['ended', [message(5, index % 20)]])
      mesh.assertNoLeaks()
      await mesh.end()
    }
  })

  test('a participant calls itself over its own link', async () => {
    const mesh = new TestMesh({
      ...subject,
      participants: 1,
      selfLinks: true,
      kind: 'call',
      called: (session, peer, id, call) =>
        session.registry.registerCall(
          new TestSource(id, gated(messages(20, subject.payloadMax + 3)), { receivers: [peer] }),
          call.generation,
          call.limit,
        ),
    })
    for (let generation = 1; generation <= 3; generation++) {
      const outcome = consume(mesh.sessions[0].call(streamId(1, 0), { ...CALL, generation }, { delivery: 'calls' }))
      const left = consume(mesh.sessions[0].call(streamId(2, 0), { ...CALL, generation }, { delivery: 'calls' }), 3)
      await mesh.settle()
      assert.deepEqual([outcome.end, outcome.messages.length, left.messages.length], ['ended', 20, 3])
      mesh.assertNoLeaks()
    }
    const open = consume(mesh.sessions[0].call(streamId(1, 0), { ...CALL, generation: 4 }, { delivery: 'calls' }))
    await mesh.end()
    assert.equal(errorOf(open).code, 'SessionEnded')
  })

  test('delivery to oneself is never synchronous', () => {
    const mesh = new TestMesh({ ...subject, participants: 1, selfLinks: true })
    const source = new TestSource(streamId(1, 0), eager([message(1)]))
    mesh.sessions[0].register(source)
    const stream = mesh.request(0, source.id)
    void stream.ready()
    mesh.sessions[0].flush()
    assert.deepEqual([source.runs, stream.bufferedMessages], [0, 0])
  })

  test('a call for an id that is open is refused', () => {
    const mesh = echoing()
    callOn(mesh, 1, NOTHING)
    assert.throws(() => callOn(mesh, 2, NOTHING), { code: 'Internal' })
  })

  test('a call to a participant without a link is refused', () => {
    const mesh = echoing()
    assert.throws(() => mesh.sessions[0].call(streamId(1, 9), CALL, { delivery: 'calls' }), { code: 'UnknownStream' })
    assert.equal(mesh.sessions[0].hasPeer(P(9)), false)
  })
}
