import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

const RESOLUTION_MS = 1
/** A stall shows in the sample that follows it, and the first sample has none before it to measure from. */
const SAMPLE_MS = 2 * RESOLUTION_MS

export interface StallWatch {
  /** Ends the watch; gives the longest stall in milliseconds. */
  stop(): Promise<number>
}

/**
 * Measures how long this thread's event loop is held up at most, from now on. A timer samples every millisecond;
 * that interval itself is subtracted.
 */
export async function watchStall(): Promise<StallWatch> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  await setTimeout(SAMPLE_MS)
  return {
    async stop() {
      await setTimeout(SAMPLE_MS)
      delay.disable()
      return delay.count === 0 ? 0 : Math.max(0, delay.max / 1e6 - RESOLUTION_MS)
    },
  }
}
