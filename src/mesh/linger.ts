import type { Clock } from '../base/clock.js'

/** A bell costs its sender 10 to 16 us and takes about 60 to arrive: sleeping less than this was not worth it. */
const NAP_MS = 0.15

/**
 * How long a loop goes on looking after it last had something to do, before it sleeps: as long as the last sleep, if that was but a
 * nap, as between two threads in the midst of a stream; else half as long as before, and soon not at all.
 */
export class Linger {
  private patienceMs = 0
  private workedMs = 0
  private asleepMs = 0

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  worked(): void {
    if (this.patienceMs > 0) this.workedMs = this.clock.now()
  }

  /** Whether to look once more instead of sleeping. */
  get isPatient(): boolean {
    return this.patienceMs > 0 && this.clock.now() - this.workedMs < this.patienceMs
  }

  fellAsleep(): void {
    this.asleepMs = this.clock.now()
  }

  wokeUp(): void {
    const sleptMs = this.clock.now() - this.asleepMs
    if (sleptMs < NAP_MS) this.patienceMs = sleptMs
    else this.patienceMs = this.patienceMs < NAP_MS / 16 ? 0 : this.patienceMs / 2
  }
}
