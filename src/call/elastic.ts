import { type Clock, systemClock } from '../base/clock.js'
import { MillraceError } from '../base/errors.js'
import type { ParticipantId } from '../base/ids.js'
import type { Pool } from '../mesh/pool.js'

/** How many workers a pool may have. */
export interface WorkerRange {
  /** That it starts with and keeps; 1 by default. */
  readonly min?: number | undefined
  /** By default what the machine runs in parallel, and `min` at least. */
  readonly max?: number | undefined
}

export const IDLE_TIMEOUT_MS = 30_000

export interface Limits {
  readonly min: number
  readonly max: number
}

/** A number, or a range with its defaults. Throws `InvalidArgument`. */
export function checkedRange(workers: number | WorkerRange | undefined, parallelism: number): Limits {
  if (typeof workers !== 'object') return checked(workers ?? parallelism, workers ?? parallelism, 0)
  const { min = 1, max = Math.max(min, parallelism) } = workers
  return checked(min, max, 1)
}

function checked(min: number, max: number, least: number): Limits {
  for (const workers of [min, max]) {
    if (Number.isInteger(workers) && workers >= least && workers <= 1024) continue
    throw new MillraceError('InvalidArgument', `connect: workers is ${workers}; give a whole number from ${least} to 1024`)
  }
  if (min > max) throw new MillraceError('InvalidArgument', `connect: workers are at least ${min} and at most ${max}; give a min up to max`)
  return { min, max }
}

/** A pool that grows while all its workers are busy, and ends those that had nothing to do for a while. */
export class Elastic {
  /** How many calls each worker had ever got when it was looked at last. */
  private seen = new Map<ParticipantId, number>()
  /** Those that are asked whether they may go, or on their way out. */
  private readonly retiring = new Set<ParticipantId>()
  private isWatching = false

  constructor(
    private readonly pool: Pool,
    private readonly limits: Limits,
    private readonly idleTimeoutMs: number,
    private readonly countsOf: (worker: ParticipantId) => { readonly open: number; readonly calls: number },
    private readonly clock: Clock = systemClock,
  ) {}

  /** All workers are busy: starts one where it may. Settles when one more serves, or cannot; undefined: there will be none. */
  more(): Promise<unknown> | undefined {
    const { pool, limits } = this
    if (pool.isBroken) return undefined
    const starting = pool.living.filter(({ state }) => state === 'starting').length
    if (pool.living.length < limits.max) pool.grow()
    else if (starting === 0) return undefined
    this.watch()
    return pool.nextReady()
  }

  private watch(): void {
    if (this.isWatching || this.idleTimeoutMs === Number.POSITIVE_INFINITY) return
    this.isWatching = true
    this.clock.schedule(() => this.look(), this.idleTimeoutMs)
  }

  /** Who has nothing open, and got nothing since the last look, may go. */
  private look(): void {
    const { pool, limits } = this
    this.isWatching = false
    if (pool.isClosed) return
    const seen = new Map<ParticipantId, number>()
    let spare = pool.living.length - this.retiring.size - limits.min
    for (const { id } of pool.ready) {
      if (this.retiring.has(id)) continue
      const { open, calls } = this.countsOf(id)
      seen.set(id, calls)
      if (spare <= 0 || open > 0 || this.seen.get(id) !== calls) continue
      spare--
      this.retiring.add(id)
      void pool.retire(id, () => this.countsOf(id).calls === calls).then(() => this.retiring.delete(id))
    }
    this.seen = seen
    if (pool.living.length > limits.min) this.watch()
  }
}
