import type { SleepWord } from '../memory/sleep-word.js'

/** What the loop turns: the sessions of one thread. */
export interface Serviced {
  /** Does what can be done now. Returns whether anything was. */
  service(): boolean
  /** The second look before sleep. */
  mayWork(): boolean
}

/**
 * How long the loop goes on looking after it last had something to do. A bell costs its sender 10 to 16 us and takes 60 to arrive:
 * two threads in the midst of a stream answer each other faster than that.
 */
const LINGER_MS = 0.05

/**
 * The one loop of a thread in a pool: it serves all its sessions, then goes back to the event loop. Before that it says that it sleeps
 * and looks once more, so that no wake-up is lost. While it has nothing to do, nothing is scheduled.
 */
export class Loop {
  private readonly sessions = new Set<Serviced>()
  private scheduled = false
  private idleSince = 0

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
    if (worked) this.idleSince = performance.now()
    if (worked || this.scheduled || performance.now() - this.idleSince < LINGER_MS) this.schedule()
    else if (!this.sleep.fallAsleep(this.mayWork)) this.schedule()
  }

  private readonly mayWork = (): boolean => {
    for (const session of this.sessions) if (session.mayWork()) return true
    return false
  }
}
