import { systemClock } from '../base/clock.js'
import type { SleepWord } from '../memory/sleep-word.js'
import { Linger } from './linger.js'

/** What the loop turns: the sessions of one thread. */
export interface Serviced {
  /** Does what can be done now. Returns whether anything was. */
  service(): boolean
  /** The second look before sleep. */
  mayWork(): boolean
}

/**
 * The one loop of a thread in a pool: it serves all its sessions, then goes back to the event loop. Before that it says that it sleeps
 * and looks once more, so that no wake-up is lost. While it has nothing to do, nothing is scheduled.
 */
export class Loop {
  private readonly sessions = new Set<Serviced>()
  private scheduled = false
  private asleep = false
  private readonly linger = new Linger(systemClock)

  constructor(private readonly sleep: SleepWord) {}

  add(session: Serviced): void {
    this.sessions.add(session)
    this.schedule()
  }

  remove(session: Serviced): void {
    this.sessions.delete(session)
  }

  /** Asks for a turn after what runs now. */
  schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    if (this.asleep) {
      this.asleep = false
      this.linger.wokeUp()
    }
    this.sleep.wakeUp()
    setImmediate(this.turn)
  }

  /** The bell rang. */
  readonly bell = (): void => {
    this.schedule()
  }

  private readonly turn = (): void => {
    this.scheduled = false
    let worked = false
    for (const session of this.sessions) if (session.service()) worked = true
    if (worked) this.linger.worked()
    if (worked || this.scheduled || this.linger.isPatient || !this.sleep.fallAsleep(this.mayWork)) this.schedule()
    else {
      this.asleep = true
      this.linger.fellAsleep()
    }
  }

  private readonly mayWork = (): boolean => {
    for (const session of this.sessions) if (session.mayWork()) return true
    return false
  }
}
