import { type Clock, systemClock } from './clock.js'

const SLICE_MS = 1
const CHECK_MS = 0.2
const STRIDE_MAX = 1024

/**
 * Says when a loop over many small steps has worked long enough and should let others run. It looks at the clock every few steps,
 * as many as take about a fifth of a millisecond, beginning with every step.
 */
export class Pacer {
  private stride = 1
  private left = 1
  private sliceStart: number
  private lastCheck: number

  constructor(
    private readonly clock: Pick<Clock, 'now'> = systemClock,
    private readonly sliceMs: number = SLICE_MS,
  ) {
    this.sliceStart = this.lastCheck = clock.now()
  }

  /** A new slice begins. */
  reset(): void {
    this.sliceStart = this.lastCheck = this.clock.now()
    this.left = this.stride
  }

  /** To be asked once per step. */
  isDue(): boolean {
    return --this.left <= 0 && this.check()
  }

  private check(): boolean {
    const now = this.clock.now()
    const took = now - this.lastCheck
    if (took > 2 * CHECK_MS) this.stride = Math.max(1, this.stride >> 1)
    else if (took < CHECK_MS) this.stride = Math.min(STRIDE_MAX, this.stride * 2)
    this.lastCheck = now
    this.left = this.stride
    return now - this.sliceStart >= this.sliceMs
  }
}

/** Lets the event loop turn once. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
