import type { Clock } from '../../src/base/clock.js'
import { tick } from './test-loop.js'

/** A clock that goes on only when told. */
export class FakeClock implements Clock {
  private time = 0
  readonly timers = new Map<() => void, number>()

  now(): number {
    return this.time
  }

  schedule(callback: () => void, delayMs: number): () => void {
    this.timers.set(callback, this.time + delayMs)
    return () => this.timers.delete(callback)
  }

  async advance(ms: number): Promise<void> {
    this.time += ms
    for (const [callback, at] of [...this.timers]) {
      if (at > this.time) continue
      this.timers.delete(callback)
      callback()
    }
    await tick()
  }
}
