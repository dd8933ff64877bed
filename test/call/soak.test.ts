import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { collect, connected, failure } from '../support/connections.js'
import { seeded, tick } from '../support/test-loop.js'

type Worker = typeof import('./handlers.worker.js')

const URL_OF_WORKER = new URL('./handlers.worker.js', import.meta.url)

describe('calls, streams, cancels and errors at random', () => {
  for (const { workers, ringBytes, elasticBytes, seed } of [
    { workers: 0, ringBytes: 4096, seed: 1 },
    { workers: 2, ringBytes: 4096, elasticBytes: 10_000, seed: 3 },
    ...(process.env.MILLRACE_FULL === '1'
      ? [
          { workers: 1, ringBytes: 4096, seed: 2 },
          { workers: 2, seed: 4 },
        ]
      : []),
  ]) {
    test(`leave nothing behind (${workers} workers, rings of ${ringBytes ?? 'the default size'}, seed ${seed})`, async () => {
      await connected<Worker>(URL_OF_WORKER, { workers, ringBytes, elasticBytes }, async ({ api }) => {
        const random = seeded(seed)
        const below = (max: number) => Math.floor(random() * max)
        const later = async (turns: number) => {
          for (let turn = 0; turn < turns; turn++) await tick()
        }
        const acts: (() => Promise<void>)[] = [
          async () => {
            const length = below(200_000)
            assert.equal(((await api.echo(new Uint8Array(length))) as Uint8Array).length, length)
          },
          async () => {
            const [to, max] = [below(3000), 1 + below(3000)]
            assert.equal((await collect(api.count({ to }), max)).length, Math.min(to, max))
          },
          async () => {
            const [blocks, bytes, max] = [below(6), 1 + below(100_000), 1 + below(8)]
            const got = await collect(api.blocks({ blocks, bytes }), max)
            assert.equal(got.length, Math.min(blocks, max))
            for (const [n, block] of got.entries()) assert.ok(block.length === bytes && block[bytes - 1] === n)
          },
          async () => {
            const controller = new AbortController()
            const turns = below(6)
            const call = api.echo(new Uint8Array(below(300_000)), { signal: controller.signal }).catch((error) => error.code)
            await later(turns)
            controller.abort()
            const result = await call
            assert.ok(result === 'Cancelled' || result instanceof Uint8Array)
          },
          async () => {
            const stream = api.count({ from: 1, padding: new Uint8Array(below(100_000)) } as never)
            const next = stream.next()
            await later(below(5))
            await stream.return()
            assert.ok([1, undefined].includes((await next).value as never))
          },
          async () => {
            const values = below(2000)
            let got = 0
            const read = async () => {
              for await (const _ of api.throwsAfter({ values, kind: 'own' })) got++
            }
            assert.equal((await failure(read())).name, 'Refusal')
            assert.equal(got, values)
          },
          async () => {
            const stream = api.untilAborted()
            await stream.next()
            await later(below(3))
            await stream.return()
          },
        ]
        for (let round = 0; round < 12; round++) {
          await Promise.all(Array.from({ length: 30 }, () => acts[below(acts.length)]()))
        }
      })
    })
  }
})
