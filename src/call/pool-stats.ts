import type { Pool } from '../mesh/pool.js'
import type { WorkerState } from '../mesh/pool-worker.js'
import type { Client } from './client.js'

export interface WorkerStats {
  /** Its number: 1, 2, ... */
  readonly worker: number
  /** starting until it serves; leaving where it is being ended. */
  readonly state: Exclude<WorkerState, 'gone'>
  /** Calls and streams open at it now. */
  readonly open: number
  /** All that it was ever asked for, those included. */
  readonly calls: number
  /** Of those, how many failed; what its caller cancelled or left has not. */
  readonly failed: number
  /** The share of its life, 0 to 1, in which its thread was at work; undefined where handlers run in this thread, for processes, in Bun and in Deno. */
  readonly utilization: number | undefined
  /** Of the process that it is; undefined for threads. */
  readonly pid: number | undefined
}

export interface PoolStats {
  readonly workers: readonly WorkerStats[]
  /** Workers that died or were ended, and have a successor. */
  readonly replaced: number
  /** Calls for one value that wait for room at a worker. */
  readonly waiting: number
}

export function statsOf(pool: Pool, client: Client): PoolStats {
  const workers = pool.living.map(({ id, state, host }) => ({
    worker: id,
    state: state as WorkerStats['state'],
    ...client.countsOf(id),
    utilization: host.utilization?.(),
    pid: host.pid,
  }))
  return { workers, replaced: pool.replaced, waiting: client.waitingCalls }
}
