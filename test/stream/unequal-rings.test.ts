import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ringLink } from '../support/links.js'
import { consume, TestMesh } from '../support/test-mesh.js'
import { streamId, TestSource } from '../support/test-source.js'

const SMALL = 0x1000
const LARGE = 0x10_0000

for (const [ringBytes, backRingBytes] of [
  [SMALL, LARGE],
  [LARGE, SMALL],
] as const) {
  test(`messages of every size cross from a ring of ${ringBytes} bytes answered by one of ${backRingBytes}`, async () => {
    const mesh = new TestMesh({ factory: (options) => ringLink({ ...options, ringBytes, backRingBytes }) })
    const sizes = [1, 512, 513, 1036, 0xffff, 0x1_0000, 0x1_0001, 300_000]
    const source = new TestSource(
      streamId(1, 0),
      async (task) => {
        for (const size of sizes) task.sinks[0].write(new Uint8Array(size).fill(size & 0xff))
      },
      { receivers: [1] },
    )
    mesh.sessions[0].register(source)
    for (const session of mesh.sessions) session.seal()
    const outcome = consume(mesh.request(1, source.id))
    await mesh.settle()
    assert.equal(outcome.end, 'ended')
    assert.deepEqual(
      outcome.messages.map((message) => message.length),
      sizes,
    )
    await mesh.end()
  })
}
