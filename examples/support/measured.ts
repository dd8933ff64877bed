import { monitorEventLoopDelay } from 'node:perf_hooks'

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
  const started = performance.now()
  const result = await work()
  const elapsedMs = performance.now() - started
  // The sample that shows a stall is taken after it.
  await new Promise((resolve) => setTimeout(resolve, 2 * RESOLUTION_MS))
  delay.disable()
  return { result, elapsedMs, stallMs: delay.count === 0 ? 0 : Math.max(0, delay.max / 1e6 - RESOLUTION_MS) }
}
