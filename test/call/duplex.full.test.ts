import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connected } from '../support/connections.js'

type Worker = typeof import('./inputs.worker.js')

const GIGABYTE = 1e9
const PIECE_BYTES = 100_000
const PIECES = GIGABYTE / PIECE_BYTES
/** What garbage may lie about, beside what both directions hold. */
const GROWTH_BYTES_MAX = 400e6

test('a gigabyte goes there and back at once, at flat memory', async () => {
  await connected<Worker>(new URL('./inputs.worker.js', import.meta.url), { workers: 1 }, async ({ api }) => {
    const piece = new Uint8Array(PIECE_BYTES).fill(7)
    let ahead = 0
    let most = 0
    function* pieces(): Generator<Uint8Array> {
      for (let n = 0; n < PIECES; n++) {
        most = Math.max(most, ++ahead)
        yield piece
      }
    }
    const before = process.memoryUsage().rss
    let rss = 0
    let bytes = 0
    for await (const back of api.echo(pieces())) {
      ahead--
      bytes += back.length
      if (bytes % (PIECE_BYTES * 100) === 0) rss = Math.max(rss, process.memoryUsage().rss)
    }
    assert.equal(bytes, GIGABYTE)
    assert.ok(most < 200, `${most} pieces were on their way at once`)
    assert.ok(rss - before < GROWTH_BYTES_MAX, `grew by ${rss - before} bytes`)
  })
})
