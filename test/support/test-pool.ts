import assert from 'node:assert/strict'
import { type ParticipantId, participantId } from '../../src/base/ids.js'
import { Client } from '../../src/call/client.js'
import { encodeInput } from '../../src/call/input.js'
import { ValueReader } from '../../src/call/value-reader.js'
import { Pool } from '../../src/mesh/pool.js'
import type { PoolOptions } from '../../src/mesh/pool-options.js'
import type { QueryMesh } from '../../src/mesh/query-mesh.js'
import { PROCEDURES, servePeer, type TestPlan } from '../mesh/peer.worker.js'
import { activeResources, assertReleased, until } from './connections.js'

/** A pool whose workers run the tests' own module. */
export class TestPool {
  private readonly before = activeResources()
  readonly pool: Pool
  readonly client: Client

  constructor(workers: number, options: Partial<PoolOptions> = {}) {
    const bootstrap = new URL('../mesh/peer.worker.js', import.meta.url)
    this.pool = new Pool({ workers, bootstrap, boot: undefined, inline: servePeer, closeTimeoutMs: 1000, ...options })
    this.client = new Client(this.pool)
    // A test waits for the end of sessions too, which alone hold nothing open: their owners do.
    this.pool.hold.change(1)
  }

  /** Calls a procedure of one worker for its value. */
  async call<T>(worker: number, procedure: (typeof PROCEDURES)[number], input?: unknown): Promise<T> {
    const result = this.client.call(participantId(worker), PROCEDURES.indexOf(procedure), encodeInput(input))
    const message = await result.next()
    assert.ok(message !== undefined)
    const value = new ValueReader(message).next()
    assert.equal(await result.next(), undefined)
    return value as T
  }

  /** A query in which each worker sends to the one before it, and all to the leader. */
  query(workers: readonly number[], plan: Omit<TestPlan, 'workers'>, ringBytes?: number): QueryMesh {
    const count = workers.length
    const pairs: [ParticipantId, ParticipantId][] = []
    for (let self = 1; self <= count; self++) {
      pairs.push([participantId(self), participantId(0)], [participantId((self % count) + 1), participantId(self)])
    }
    return this.pool.createMesh({ workers: workers.map(participantId), pairs, ringBytes, plan: { ...plan, workers: count } }, {})
  }

  /** In every worker: shared memory is free only when all have let go of it. */
  async collectGarbage(): Promise<void> {
    for (const { id } of this.pool.ready) await this.call(id, 'collect')
  }

  /** Nothing is held by anybody. */
  async assertNoLeaks(): Promise<void> {
    let held = ''
    await until(
      async () => {
        held = JSON.stringify([...(await this.pool.census())].filter(([, holdings]) => Object.keys(holdings).length > 0))
        return held === '[]'
      },
      () => `held: ${held}`,
    )
  }

  async end(): Promise<void> {
    await this.pool.close()
    this.pool.hold.change(-1)
    await assertReleased(this.before)
  }
}

/** Runs a test on a pool that serves, and looks for leaks. */
export async function withPool(workers: number, options: Partial<PoolOptions>, body: (pool: TestPool) => Promise<void>): Promise<void> {
  const pool = new TestPool(workers, options)
  try {
    await pool.pool.allReady()
    await body(pool)
    await pool.assertNoLeaks()
  } finally {
    await pool.end()
  }
}
