import type { Clock } from '../base/clock.js'
import { within } from '../base/within.js'
import type { PoolWorker } from './pool-worker.js'

/** After a worker said that it is done it ends by itself, unless something of the user's holds it. */
export const LEAVE_TIMEOUT_MS = 100

/** Resolves when a worker that was told to end is gone: by itself or, where it takes longer than `timeoutMs`, by force. */
export async function leave(worker: PoolWorker, timeoutMs: number, clock: Clock): Promise<void> {
  if (worker.state === 'starting') return worker.host.terminate()
  await within(Promise.race([worker.done.happened, worker.exited.happened]), timeoutMs, clock)
  if (!(await within(worker.exited.happened, LEAVE_TIMEOUT_MS, clock))) await worker.host.terminate()
  await worker.exited.happened
}
