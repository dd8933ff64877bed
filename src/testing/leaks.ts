import { systemClock } from '../base/clock.js'
import { macrotask } from '../base/macrotask.js'
import { poolOf } from '../call/connect.js'
import { isRun, leftovers } from '../flow/execute.js'
import type { FlowRun } from '../flow/run.js'

/** What `leaks` takes beside what it looks at. */
export interface LeaksOptions {
  /** How long what was just left may take to go; 1000 ms by default. */
  readonly timeoutMs?: number | undefined
}

/**
 * What a connection still holds although nobody uses it any more: running handlers, open streams, queued bytes, unreturned credit.
 * To be asked in a test where everything was read or left; a handler that does not end by itself counts. Resolves to an empty object
 * where nothing is held, otherwise after `timeoutMs` to counts by kind, named after the participant (0 is the caller's thread, 1, 2, ...
 * are the workers): `{ '1.tasks': 1 }`. Of a run of a flow it says at once what that left; one that has not ended is `{ '0.runs': 1 }`.
 * Throws `InvalidArgument` for anything else.
 */
export async function leaks(of: AsyncDisposable | FlowRun<unknown>, options: LeaksOptions = {}): Promise<Record<string, number>> {
  if (isRun(of)) return leftovers(of)
  const pool = poolOf(of)
  const deadlineMs = systemClock.now() + (options.timeoutMs ?? 1000)
  for (;;) {
    const held: Record<string, number> = {}
    for (const [id, holdings] of await pool.census()) for (const [kind, count] of Object.entries(holdings)) held[`${id}.${kind}`] = count
    if (Object.keys(held).length === 0 || systemClock.now() > deadlineMs) return held
    await macrotask()
  }
}
