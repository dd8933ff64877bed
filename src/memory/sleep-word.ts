import type { SharedWords } from './shared-words.js'

/** What a worker's sleep word says. */
export const SLEEP = {
  /** It will look at its rings before it goes back to the event loop: no wake-up needed. */
  awake: 0,
  /** In the event loop: wake it by its bell. */
  asleep: 1,
  /** Blocked in `Atomics.wait`: wake it by `Atomics.notify`. */
  blocked: 2,
} as const

/** How one worker is found asleep. It belongs to the worker and is shared by all its meshes. */
export class SleepWord {
  constructor(
    private readonly words: SharedWords,
    private readonly index: number,
  ) {}

  /**
   * Says asleep, then looks again: `mayWork` is asked after the word is set, so that whoever publishes later sees the word.
   * Returns whether the caller may really sleep.
   */
  fallAsleep(mayWork: () => boolean): boolean {
    this.words.store(this.index, SLEEP.asleep) // SYNC sleep: the word is set before the second look
    if (!mayWork()) return true
    this.words.store(this.index, SLEEP.awake)
    return false
  }

  wakeUp(): void {
    this.words.store(this.index, SLEEP.awake)
  }

  /**
   * Blocks the thread until another participant wakes it. Where `mayWork` finds something, it does not block. Returns false where
   * nothing happened before the time was over.
   */
  block(mayWork: () => boolean, timeoutMs?: number): boolean {
    this.words.store(this.index, SLEEP.blocked) // SYNC sleep
    const woken = mayWork() || this.words.wait(this.index, SLEEP.blocked, timeoutMs) !== 'timed-out'
    this.words.store(this.index, SLEEP.awake)
    return woken
  }

  /** For the other side, after it published something: wakes the worker if it sleeps; `ring` is its bell. */
  wake(ring: () => void): void {
    const was = this.words.exchange(this.index, SLEEP.awake) // SYNC sleep: what was published is published before this
    if (was === SLEEP.asleep) ring()
    else if (was === SLEEP.blocked) this.words.notify(this.index)
  }
}
