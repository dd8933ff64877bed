import { systemClock } from '../base/clock.js'
import type { SleepWord } from '../memory/sleep-word.js'
import { NAP_MS, Rest } from './rest.js'

/** What the loop turns: the sessions of one thread. */
export interface Serviced {
  /** Does what can be done now. Returns whether anything was. */
  service(): boolean
  /** The second look before sleep. */
  mayWork(): boolean
}

export interface LoopOptions {
  /** Whether the thread is ours to block for a moment; false by default. */
  readonly mayBlock?: boolean
}

/**
 * The one loop of a thread in a pool: it serves all its sessions, then goes back to the event loop. Before that it says that it sleeps
 * and looks once more, so that no wake-up is lost. While it has nothing to do, nothing is scheduled.
 */
export class Loop {
  private readonly sessions = new Set<Serviced>()
  private scheduled = false
  private asleep = false
  private readonly rest: Rest

  constructor(
    private readonly sleep: SleepWord,
    { mayBlock = false }: LoopOptions = {},
  ) {
    this.rest = new Rest(systemClock, mayBlock)
  }

  add(session: Serviced): void {
    this.sessions.add(session)
    this.schedule()
  }

  remove(session: Serviced): void {
    this.sessions.delete(session)
  }

  /** Asks for a turn after what runs now. */
  schedule(): void {
    this.getUp('self')
  }

  /** The bell rang. */
  readonly bell = (): void => {
    this.getUp('peer')
  }

  private getUp(by: 'self' | 'peer'): void {
    if (this.scheduled) return
    this.scheduled = true
    if (this.asleep) {
      this.asleep = false
      this.rest.wokeUp(by)
    }
    this.sleep.wakeUp()
    setImmediate(this.turn)
  }

  private readonly turn = (): void => {
    this.scheduled = false
    let worked = false
    for (const session of this.sessions) if (session.service()) worked = true
    if (worked) this.rest.worked()
    if (worked || this.scheduled || !this.fallAsleep()) this.schedule()
  }

  /** Returns false where there is something to do, or soon may be. */
  private fallAsleep(): boolean {
    switch (this.rest.next()) {
      case 'look':
        return false
      case 'nap':
        this.nap()
        return false
      case 'sleep':
        if (!this.sleep.fallAsleep(this.mayWork)) return false
        this.asleep = true
        this.rest.fellAsleep()
        return true
    }
  }

  private nap(): void {
    const beganMs = systemClock.now()
    const woken = this.seesWork(beganMs + this.rest.spinMs) || this.sleep.block(this.mayWork, NAP_MS)
    this.rest.napped(woken, systemClock.now() - beganMs)
  }

  /** Looks on until then. */
  private seesWork(untilMs: number): boolean {
    while (systemClock.now() < untilMs) if (this.mayWork()) return true
    return false
  }

  private readonly mayWork = (): boolean => {
    for (const session of this.sessions) if (session.mayWork()) return true
    return false
  }
}
