import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 1

/**
 * Measures how long this thread's event loop was held up at most, until `stop` is called, which returns it in milliseconds.
 * A timer samples every millisecond; that interval itself is subtracted.
 */
export function watchStall(): { stop(): number } {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  return {
    stop() {
      delay.disable()
      return delay.count === 0 ? 0 : Math.max(0, delay.max / 1e6 - RESOLUTION_MS)
    },
  }
}
