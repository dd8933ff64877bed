import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { memoryLink, ringLink } from '../support/links.js'
import { consume, TestMesh } from '../support/test-mesh.js'
import { eager, messages, P, streamId, TestSource } from '../support/test-source.js'

const A = streamId(1, 1)

async function words(mesh: TestMesh): Promise<string[][]> {
  await mesh.settle()
  return mesh.sessions.map((session) => session.waits().waits.map((wait) => wait.words))
}

for (const factory of [memoryLink, ringLink]) {
  describe(`what waits is told in words (${factory.name})`, () => {
    test('nothing where nobody waits, neither before a stream is asked for nor after its end', async () => {
      const mesh = new TestMesh({ factory })
      mesh.sessions[1].register(new TestSource(A, eager(messages(3, 10))))
      mesh.sessions[1].seal()
      assert.deepEqual(await words(mesh), [[], []])
      consume(mesh.request(0, A))
      assert.deepEqual(await words(mesh), [[], []])
      await mesh.end()
    })

    test('a consumer and its source, which computes or says what it waits for', async () => {
      const mesh = new TestMesh({ factory })
      let waitsFor: string | undefined
      let go = () => {}
      const source = new TestSource(A, () => new Promise((resolve) => (go = resolve)))
      mesh.sessions[1].register(Object.assign(source, { describe: () => ({ name: "handler 'x'", waitsFor }) }))
      mesh.sessions[1].seal()
      const outcome = consume(mesh.sessions[0].request(A, { delivery: 'flows', name: 'the rows' }))
      const data = 'participant 0 waits for data of stream 65537 (the rows) from participant 1'
      assert.deepEqual(await words(mesh), [[data], ["participant 1: handler 'x' computes, or waits for something of its own"]])
      waitsFor = 'its input'
      assert.deepEqual(await words(mesh), [[data], ["participant 1: handler 'x' waits for its input"]])
      go()
      assert.deepEqual(await words(mesh), [[], []])
      assert.equal(outcome.end, 'ended')
      await mesh.end()
    })

    test('a sink without credit, and the gate of a source, where a consumer does not read on', async () => {
      const mesh = new TestMesh({ factory, ringBytes: 4096, elasticBytes: 0 })
      mesh.sessions[1].register(
        new TestSource(A, async (task) => {
          for (const message of messages(5, 512)) task.sinks[0].write(message)
          while (!task.isCancelled && !task.sinks[0].isHungry) await task.changed()
        }),
      )
      mesh.sessions[1].seal()
      const stream = mesh.request(0, A)
      await Promise.all([stream.ready(), mesh.settle()])
      const { waits } = (await words(mesh)) && mesh.sessions[1].waits()
      assert.deepEqual(
        waits.map((wait) => [wait.for, wait.stream, wait.on]),
        [
          ['credit', A, P(0)],
          ['gate', A, P(0)],
        ],
      )
      const [credit, gate] = waits.map((wait) => wait.words)
      assert.match(credit, /^participant 1 waits for credit of participant 0 on stream 65537: \d+ bytes wait, credit for \d+ is left$/)
      assert.match(gate, /^participant 1: source 65537 waits at its gate: \d+ bytes wait for participant 0$/)
      assert.deepEqual((await words(mesh))[0], [])
      stream.cancel()
      await mesh.end()
    })

    test('a gate that is shut while rows are on disk says so', async () => {
      const mesh = new TestMesh({ factory, ringBytes: 4096, elasticBytes: 0 })
      const source = new TestSource(A, async (task) => {
        for (const message of messages(5, 512)) task.sinks[0].write(message)
        while (!task.isCancelled) await task.changed()
      })
      const gate = { for: 'disk', words: '7 bytes wait on disk, until one starves' } as const
      mesh.sessions[1].register(Object.assign(source, { describe: () => ({ name: 'stage 3', gate }) }))
      mesh.sessions[1].seal()
      const stream = mesh.request(0, A)
      await Promise.all([stream.ready(), mesh.settle()])
      const [, wait] = mesh.sessions[1].waits().waits
      assert.deepEqual([wait.for, wait.on], ['disk', P(0)])
      assert.match(wait.words, /^participant 1: stage 3 waits at its gate: \d+ bytes wait for participant 0; 7 bytes wait on disk/)
      stream.cancel()
      await mesh.end()
    })

    test('a receiver that has not asked yet holds back nobody, but the gate names it', async () => {
      const mesh = new TestMesh({ factory, participants: 3, ringBytes: 4096, elasticBytes: 0 })
      const idle = new TestSource(A, (task) => task.changed().then(() => new Promise(() => {})), { receivers: [0, 2] })
      mesh.sessions[1].register(idle)
      mesh.sessions[1].seal()
      const stream = mesh.request(0, A)
      consume(stream)
      assert.deepEqual((await words(mesh))[1], ['participant 1: source 65537 computes, or waits for something of its own'])
      stream.cancel()
      assert.deepEqual((await words(mesh))[1], ['participant 1: source 65537 waits at its gate: participant 2 has not asked yet'])
      mesh.request(2, A).cancel()
      assert.deepEqual(await words(mesh), [[], [], []])
    })

    test('a stream that is asked for before it is planned', async () => {
      const mesh = new TestMesh({ factory })
      consume(mesh.request(0, A))
      assert.deepEqual(await words(mesh), [
        ['participant 0 waits for data of stream 65537 from participant 1'],
        ['participant 1 has not planned yet: stream 65537, which participant 0 asked for, has no source'],
      ])
      mesh.sessions[1].seal()
      assert.deepEqual(await words(mesh), [[], []])
      await mesh.end()
    })

    test('the other side of a session that ends and is not answered', async () => {
      const mesh = new TestMesh({ factory })
      await mesh.settle()
      mesh.loop.kill(1)
      void mesh.sessions[0].end()
      assert.deepEqual((await words(mesh))[0], ['participant 0 waits for the GOODBYE of participant 1'])
    })

    test('what moved changes with every frame, record and message, and not while nothing moves', async () => {
      const mesh = new TestMesh({ factory })
      mesh.sessions[1].register(
        new TestSource(A, async (task) => {
          await eager(messages(2, 10))(task)
          while (!task.isCancelled) await task.changed()
        }),
      )
      mesh.sessions[1].seal()
      const seen = async () => (await words(mesh)) && mesh.sessions.map((session) => session.waits().moved)
      const before = await seen()
      const stream = mesh.request(0, A)
      await Promise.all([stream.ready(), mesh.settle()])
      const arrived = await seen()
      assert.ok(arrived.every((moved, index) => moved > before[index]))
      assert.deepEqual(await seen(), arrived)
      stream.take()
      assert.ok((await seen())[0] !== arrived[0])
      stream.cancel()
      await mesh.end()
    })
  })
}

test('frames and records that find no room name the ring', async () => {
  const mesh = new TestMesh({ factory: ringLink, ringBytes: 4096 })
  await mesh.settle()
  mesh.loop.kill(0)
  const { sessions } = mesh
  for (let n = 0; n < 300; n++) sessions[1].request(streamId(n, 0), { delivery: 'flows' }).cancel()
  assert.deepEqual((await words(mesh))[1], ['participant 1 waits for space in the control ring to participant 0'])
})

test('a begun message tells how much of it is here', async () => {
  const mesh = new TestMesh({ factory: ringLink, ringBytes: 4096, elasticBytes: 0 })
  mesh.sessions[1].register(new TestSource(A, eager(messages(1, 5000))))
  mesh.sessions[1].seal()
  const outcome = consume(mesh.request(0, A))
  let told: string[] = []
  while (outcome.end === 'pending' && (await mesh.loop.step())) {
    const [wait] = mesh.sessions[0].waits().waits
    if (wait !== undefined) told.push(wait.words)
  }
  told = told.filter((each) => each.includes('of 5000'))
  assert.ok(told.length > 0)
  for (const each of told) {
    assert.match(each, /from participant 1: of a message, \d+ of 5000 bytes are here( and \d+ lack credit: the overdraft is taken)?$/)
  }
  await mesh.end()
})
