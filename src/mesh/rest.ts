import type { Clock } from '../base/clock.js'

/** A bell costs its sender 10 to 16 us and takes about 60 to arrive: waiting less than this was not worth a bell. */
export const NAP_MS = 0.2

/** To block and to be woken takes both sides about so long: a nap that is over sooner is better spent looking on. */
export const SPIN_MS = 0.05

/**
 * How a loop rests that has nothing to do. Asleep in the event loop it costs nothing, and is woken by a bell. In the midst of a stream the
 * next wake-up is near, and there is something quicker: a thread that is ours alone blocks for a moment (`nap`), to be woken by
 * `Atomics.notify`, and where the last nap was over at once looks on before it blocks; one that is not, such as the main thread, goes on
 * looking (`look`) as long as the last sleep was. Both only after a short sleep that another participant ended, and not again after one
 * that nobody ended.
 */
export class Rest {
  /** Whether the last rest was short and ended by another participant. */
  private wasShort = false
  /** How long to look on before blocking in the next nap. */
  spinMs = 0
  private patienceMs = 0
  private workedMs = 0
  private asleepMs = 0

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly mayBlock: boolean,
  ) {}

  worked(): void {
    if (this.patienceMs > 0) this.workedMs = this.clock.now()
  }

  next(): 'look' | 'nap' | 'sleep' {
    if (this.mayBlock) return this.wasShort ? 'nap' : 'sleep'
    return this.patienceMs > 0 && this.clock.now() - this.workedMs < this.patienceMs ? 'look' : 'sleep'
  }

  /** A nap is over; `woken`: by somebody, before its time was. */
  napped(woken: boolean, tookMs: number): void {
    this.wasShort = woken
    this.spinMs = woken && tookMs < SPIN_MS ? SPIN_MS : 0
  }

  fellAsleep(): void {
    this.asleepMs = this.clock.now()
  }

  wokeUp(by: 'self' | 'peer'): void {
    const sleptMs = this.clock.now() - this.asleepMs
    this.wasShort = by === 'peer' && sleptMs < NAP_MS
    if (sleptMs < NAP_MS) this.patienceMs = sleptMs
    else this.patienceMs = this.patienceMs < NAP_MS / 16 ? 0 : this.patienceMs / 2
  }
}
