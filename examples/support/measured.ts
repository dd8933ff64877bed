import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

export interface Measured<T> {
  readonly result: T
  readonly elapsedMs: number
  /** How long the event loop of this thread was held up at most. */
  readonly stallMs: number
}

const RESOLUTION_MS = 1

/** Runs `work` and tells how long it took and how long it kept this thread from everything else. */
export async function measured<T>(work: () => T | Promise<T>): Promise<Measured<T>> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  // A stall shows in the sample that follows it, and the first sample has none before it to measure from.
  await setTimeout(2 * RESOLUTION_MS)
  const started = performance.now()
  const result = await work()
  const elapsedMs = performance.now() - started
  await setTimeout(2 * RESOLUTION_MS)
  delay.disable()
  return { result, elapsedMs, stallMs: delay.count === 0 ? 0 : Math.max(0, delay.max / 1e6 - RESOLUTION_MS) }
}
