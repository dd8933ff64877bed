/** Time as the floors above see it: handed in, so that tests run without waiting. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number
  /** Runs `callback` once after `delayMs`; the returned function takes it back. Does not hold the process open. */
  schedule(callback: () => void, delayMs: number): () => void
}

/** The longest delay that a timer of Node.js has (24.8 days); longer ones would fire at once. */
const DELAY_MS_MAX = 2 ** 31 - 1

export const systemClock: Clock = {
  // `performance` takes a new thread 2 ms to load.
  now() {
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1000 + nanoseconds / 1e6
  },
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(delayMs, DELAY_MS_MAX))
    timer.unref()
    return () => clearTimeout(timer)
  },
}
