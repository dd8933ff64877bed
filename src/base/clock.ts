/** Time as the floors above see it: handed in, so that tests run without waiting. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number
  /** Runs `callback` once after `delayMs`; the returned function takes it back. Does not hold the process open. */
  schedule(callback: () => void, delayMs: number): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
