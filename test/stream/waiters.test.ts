import assert from 'node:assert/strict'
import test from 'node:test'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { FRAME } from '../../src/frame/kinds.js'
import { MemoryFrames } from '../../src/frame/memory-frames.js'
import { Budget } from '../../src/stream/credit.js'
import { Inbound } from '../../src/stream/inbound.js'
import { MultiplexedReader } from '../../src/stream/multiplexed-reader.js'
import { Overdraft } from '../../src/stream/overdraft.js'
import { consume, TestMesh } from '../support/test-mesh.js'
import { message, streamId, TestSource } from '../support/test-source.js'

const IDS = [streamId(1, 1), streamId(2, 1), streamId(3, 1)]

/** A source that sends a message when it is told to, and counts how often a change of its sink woke it. */
class Told extends TestSource {
  woken = 0
  tell: () => void = () => {}

  constructor(id: (typeof IDS)[number]) {
    super(id, async (task) => {
      const [sink] = task.sinks
      this.tell = () => {
        sink.write(message(8))
        task.flush()
      }
      while (!task.isCancelled) {
        await task.changed()
        this.woken++
      }
    })
  }
}

async function toldMesh(): Promise<{ mesh: TestMesh; sources: Told[] }> {
  const mesh = new TestMesh()
  const sources = IDS.map((id) => new Told(id))
  for (const source of sources) mesh.sessions[1].register(source)
  for (const session of mesh.sessions) session.seal()
  return { mesh, sources }
}

test('what arrives for one stream wakes its consumer alone', async () => {
  const { mesh, sources } = await toldMesh()
  const streams = IDS.map((id) => mesh.request(0, id))
  const woken = [0, 0, 0]
  const wait = (index: number) =>
    void streams[index].ready().then(() => {
      woken[index]++
    })
  for (const index of IDS.keys()) wait(index)
  await mesh.settle()
  for (let turn = 1; turn <= 5; turn++) {
    sources[1].tell()
    await mesh.settle()
    assert.deepEqual(woken, [0, turn, 0])
    assert.deepEqual(streams[1].take(), message(8))
    wait(1)
    await mesh.settle()
  }
  for (const stream of streams) stream.cancel()
  await mesh.end()
})

test('credit for one stream wakes its source alone', async () => {
  const { mesh, sources } = await toldMesh()
  const outcomes = IDS.map((id) => consume(mesh.request(0, id)))
  await mesh.settle()
  const before = sources.map(({ woken }) => woken)
  for (let turn = 0; turn < 5; turn++) {
    sources[1].tell()
    await mesh.settle()
  }
  const [first, second, third] = sources.map(({ woken }, index) => woken - before[index])
  assert.deepEqual([first, third], [0, 0])
  assert.ok(second >= 5)
  assert.equal(outcomes[1].messages.length, 5)
  await mesh.end()
})

test('a consumer that waits starves once everything that was published is read, and not where that holds a message for it', async () => {
  const frames = new MemoryFrames(0x1000)
  const reader = new MultiplexedReader(frames, { called: () => {}, ended: () => {} })
  const starved: number[] = []
  const streams = IDS.slice(0, 2).map((id) => {
    const stream = new Inbound({
      id,
      generation: 0,
      payloadMax: reader.payloadBytesMax,
      budget: new Budget(),
      overdraft: new Overdraft(),
      delivery: 'calls',
      outlet: {
        start: () => {},
        credit: (stream, _limit, starving) => void (starving && starved.push(stream.id)),
        awaitData: (stream) => reader.awaitData(stream),
        cancel: () => {},
        waiting: () => {},
      },
    })
    reader.add(stream)
    stream.open()
    return stream
  })
  const send = (id: PhysicalStreamId) => frames.tryWrite(FRAME.DATA, id, message(8), 0, 8, -1) && frames.publish()
  assert.ok(send(IDS[0]))
  await Promise.all([streams[0].ready(), reader.drain()])
  assert.deepEqual([streams[0].take(), starved], [message(8), []])
  assert.ok(send(IDS[1]))
  const waits = streams.map((stream) => stream.ready())
  assert.deepEqual(starved, [])
  assert.equal(reader.drain(), true)
  assert.deepEqual(starved, [IDS[0]])
  await waits[1]
  assert.deepEqual(streams[1].take(), message(8))
  void streams[1].ready()
  assert.deepEqual(starved, [IDS[0], IDS[1]])
})
