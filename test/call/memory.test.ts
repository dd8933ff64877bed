import assert from 'node:assert/strict'
import { test } from 'node:test'
import { poolOf } from '../../src/call/connect.js'
import { connected } from '../support/connections.js'
import { usedBytes } from '../support/garbage.js'
import { tick } from '../support/test-loop.js'
import { TEXT_LENGTH } from './memory.worker.js'

type Module = typeof import('./memory.worker.js')
const URL_OF_WORKER = new URL('./memory.worker.js', import.meta.url)
const FULL = process.env.MILLRACE_FULL === '1'

const LARGE_VALUES = FULL ? 1_000_000 : 20_000
/** What garbage may lie about beside what is on its way, in both threads. */
const RSS_GROWTH_MAX = 250e6

test(`${LARGE_VALUES} large values come to a slow reader at flat memory`, async () => {
  await connected<Module>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => {
    let rss = 0
    let first = 0
    let read = 0
    for await (const { n, text } of api.objects(LARGE_VALUES)) {
      assert.equal(n, read++)
      assert.equal(text.length, TEXT_LENGTH)
      if (read % 16 !== 0) continue
      await tick()
      if (read % 1024 !== 0) continue
      rss = Math.max(rss, process.memoryUsage().rss)
      if (read === 4096) first = process.memoryUsage().rss
    }
    assert.equal(read, LARGE_VALUES)
    assert.ok(rss - first < RSS_GROWTH_MAX, `grew by ${rss - first} bytes after the first 4096`)
  })
})

test('a thousand streams share the receive memory of one reader, and all come to their end', async () => {
  const [streams, count, bytes, elasticBytes, ringBytes] = [1000, 16, 3000, 0x20_0000, 0x4000]
  await connected<Module>(URL_OF_WORKER, { workers: 1, elasticBytes, ringBytes }, async (connection) => {
    const { session } = poolOf(connection)
    const before = usedBytes()
    const all = Array.from({ length: streams }, () => connection.api.blocks({ count, bytes }))
    const sums = await Promise.all(all.map(async (stream) => (await stream.next()).value?.[0] ?? Number.NaN))
    // Nobody reads: whoever still sends must stop by itself.
    let most = 0
    for (let turns = 0; turns < 200; turns++) {
      most = Math.max(most, session.census().chargedBytes)
      await tick()
    }
    assert.ok(most <= elasticBytes + 0x1_0000, `${most} bytes of ${elasticBytes}, and the overdraft of one message`)
    // A floor of one frame is each stream's own; a message that has begun has its memory.
    const held = usedBytes() - before
    assert.ok(held < 2 * elasticBytes + streams * (ringBytes / 8 + 20_000), `${held} bytes are held`)
    await Promise.all(
      all.map(async (stream, index) => {
        for await (const block of stream) {
          assert.equal(block.length, bytes)
          sums[index] += block[0]
          if (block[0] % 8 === 0) await tick()
        }
      }),
    )
    assert.deepEqual(new Set(sums), new Set([(count * (count - 1)) / 2]))
  })
})

test(`a value of ${FULL ? 200 : 40} MB comes and goes whole, and its memory with it`, async () => {
  const size = FULL ? 200_000_001 : 40_000_001
  await connected<Module>(URL_OF_WORKER, { workers: 1 }, async ({ api }) => {
    const value = await api.large(size)
    assert.deepEqual([value.length, value[0], value[size >> 1], value[size - 1]], [size, 7, 7, 7])
    assert.ok(value.buffer instanceof ArrayBuffer)
    const back = await api.echo(value)
    assert.equal(value.length, size, "the caller's is still its own")
    assert.ok(Buffer.from(back.buffer, back.byteOffset, size).equals(Buffer.from(value.buffer, value.byteOffset, size)))
  })
})
