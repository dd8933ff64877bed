import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '../../src/index.js'
import { leaks } from '../../src/testing.js'
import { SIZES, TEXT } from './long-bytes.worker.js'

const URL_OF_WORKER = new URL('./long-bytes.worker.js', import.meta.url)
const ROUNDS = 12

function* expected(): Generator<unknown> {
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, size] of SIZES.entries()) {
      yield { size, byte: round + at }
      if (at % 3 === 0) yield round
      if (at % 4 === 0) yield undefined
      if (at % 5 === 0) yield TEXT
    }
  }
}

for (const workers of [0, 1]) {
  for (const ringBytes of [0x1000, 0x10_0000]) {
    test(`long bytes of every size arrive as they were when yielded, in their place (${workers} workers, rings of ${ringBytes})`, async () => {
      const connection = await connect<typeof import('./long-bytes.worker.js')>(URL_OF_WORKER, { workers, ringBytes })
      try {
        const kept: unknown[] = []
        for await (const value of connection.api.reused({ rounds: ROUNDS })) kept.push(value)
        const seen = kept.map((value, index) => {
          if (!(value instanceof Uint8Array)) return value
          assert.ok(!(value.buffer instanceof SharedArrayBuffer), `value ${index} is of shared memory`)
          assert.ok(
            value.every((byte) => byte === value[0]),
            `value ${index} is torn`,
          )
          return { size: value.length, byte: value[0] }
        })
        const wanted = [...expected()].map((value) => {
          const bytes = value as { size: number; byte: number } | string | number | undefined
          return typeof bytes === 'object' && bytes.size === 0 ? { size: 0, byte: undefined } : bytes
        })
        assert.deepEqual(seen, wanted)

        const before: number[] = []
        const read = async (): Promise<void> => {
          for await (const value of connection.api.thenThrows()) before.push(value.length)
        }
        await assert.rejects(read(), { name: 'RangeError', message: 'after' })
        assert.deepEqual(before, [70_000])

        for (let taken = 0; taken < 6; taken++) {
          let count = 0
          for await (const value of connection.api.reused({ rounds: 1000 })) if (value === undefined || count++ === taken) break
        }
        assert.deepEqual(await leaks(connection), {})
      } finally {
        await connection.close()
      }
    })
  }
}
