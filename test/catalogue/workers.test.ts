import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { participantId } from '../../src/base/ids.js'
import { Pool } from '../../src/mesh/pool.js'
import type { StallReport } from '../../src/mesh/stall-report.js'
import { chooseTransport } from '../../src/mesh/transport.js'
import { TRANSPORTS, until } from '../support/connections.js'
import { assertOutcome, type Case, casesOf, readOut } from './leader.js'
import { allPairs } from './seat.js'

const FULL = process.env.MILLRACE_FULL === '1'
const STALL_MS = 10_000

interface Crew {
  readonly workers: number
  /** Undefined: threads. Otherwise what joins processes. */
  readonly transport?: (typeof TRANSPORTS)[number] | undefined
}

const CREWS: readonly Crew[] = [
  ...(FULL ? [2, 3, 4, 8] : [4]).map((workers) => ({ workers })),
  ...(FULL ? TRANSPORTS : []).flatMap((transport) => [2, 4].map((workers) => ({ workers, transport }))),
]

function poolOf({ workers, transport }: Crew): Pool {
  const bootstrap = new URL('./catalogue.worker.js', import.meta.url)
  const medium = transport && ({ kind: 'process', transport: chooseTransport(transport) } as const)
  const pool = new Pool({ workers, bootstrap, boot: undefined, inline: () => {}, ...medium })
  assert.equal(pool.description.transport, transport ?? 'threads')
  return pool
}

/** A stall fails the test, with who waits for whom. */
async function play(pool: Pool, each: Case): Promise<void> {
  let stalled: (error: Error) => void = () => {}
  const stall = new Promise<never>((_, reject) => {
    stalled = reject
  })
  stall.catch(() => {})
  const ids = (await pool.allReady()).map(({ id }) => id)
  const onStall = ({ text }: StallReport) => stalled(new Error(text))
  const request = { workers: ids, pairs: allPairs(each.workers), ringBytes: 4096, plan: each }
  const mesh = pool.createMesh(request, { elasticBytes: 0, stall: { stallMs: STALL_MS, onStall } })
  mesh.session.seal()
  assertOutcome(await Promise.race([readOut(mesh.session, each), stall]), each)
  pool.hold.change(1)
  await mesh.session.end()
  pool.hold.change(-1)
}

for (const crew of CREWS) {
  const { workers, transport } = crew
  describe(`on ${transport === undefined ? 'threads' : `processes over ${transport}`}, ${workers} workers, with the smallest rings, nothing stands still:`, () => {
    let pool: Pool
    before(() => {
      pool = poolOf(crew)
    })
    after(() => pool.close())
    for (const { name, ...each } of casesOf(workers)) test(name, () => play(pool, each))

    test('and nothing is left', async () => {
      let held: unknown
      await until(
        async () => {
          held = Object.fromEntries(await pool.census())
          return Object.values(held as object).every((holdings) => Object.keys(holdings).length === 0)
        },
        () => JSON.stringify(held),
      )
      assert.deepEqual(
        pool.ready.map(({ id }) => id).sort(),
        Array.from({ length: workers }, (_, index) => participantId(index + 1)),
      )
    })
  })
}
