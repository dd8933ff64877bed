import assert from 'node:assert/strict'
import test from 'node:test'
import { CallServer } from '../../src/call/call-server.js'
import { inputSource } from '../../src/call/input-source.js'
import { encodeValue } from '../../src/call/value-writer.js'
import { consume, TestMesh } from '../support/test-mesh.js'
import { P, streamId } from '../support/test-source.js'

const RESULT = streamId(1, 1)
const INPUT = streamId(0x8001, 0)

test('a call with a streamed input that is cancelled before its handler runs lets go of the input on both sides', async () => {
  let handled = 0
  const servers = new Map<unknown, CallServer>()
  const mesh = new TestMesh({
    kind: 'call',
    called: (session, peer, id, call) => {
      const server = servers.get(session) ?? new CallServer(session, { count: () => ++handled })
      servers.set(session, server)
      server.called(P(peer), id, call)
    },
  })
  const [caller, callee] = mesh.sessions
  for (let generation = 1; generation <= 3; generation++) {
    caller.registry.registerInput(inputSource(INPUT, P(1), encodeValue('x'.repeat(100_000))), generation)
    const call = { procedure: 0, generation, input: undefined, inputId: INPUT, inputGeneration: generation }
    const stream = caller.call(RESULT, call, { delivery: 'calls' })
    caller.service()
    stream.cancel()
    caller.service()
    callee.service()
    assert.equal(consume(stream).messages.length, 0)
    await mesh.settle()
    mesh.assertNoLeaks()
  }
  assert.equal(handled, 0)
  await mesh.end()
})

test('the ids of a call are free again only when its input is over too, however early its result was cancelled', async () => {
  const servers = new Map<unknown, CallServer>()
  const mesh = new TestMesh({
    kind: 'call',
    ringBytes: 0x1000,
    called: (session, peer, id, call) => {
      const server = servers.get(session) ?? new CallServer(session, { length: (text: unknown) => String(text).length })
      servers.set(session, server)
      server.called(P(peer), id, call)
    },
  })
  const [caller] = mesh.sessions
  let overs = 0
  for (let generation = 1; generation <= 20; generation++) {
    caller.registry.registerInput(inputSource(INPUT, P(1), encodeValue('x'.repeat(20_000))), generation)
    const call = { procedure: 0, generation, input: undefined, inputId: INPUT, inputGeneration: generation }
    const stream = caller.call(RESULT, call, { delivery: 'calls', over: () => overs++ })
    for (let step = 0; step < generation; step++) await mesh.loop.step()
    stream.cancel()
    while (overs < generation && (await mesh.loop.step()));
    assert.equal(overs, generation)
  }
  await mesh.settle()
  mesh.assertNoLeaks()
  await mesh.end()
})
