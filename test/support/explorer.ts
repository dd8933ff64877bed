import type { AtomicOps } from '../../src/memory/atomics.js'
import { everySchedule } from './schedules.js'

/** What a simulated thread may use: everything that others can see goes through it, and the others may run before each such operation. */
export interface ThreadOps {
  readonly atomics: AtomicOps
  /** An effect that is no atomic operation, such as ringing a bell. */
  act(effect: () => void): void
  /** Stands still until `condition` holds, as a thread in its event loop does. */
  until(condition: () => boolean): void
  /** Ends the setting up: operations before it are one step, so that they do not multiply the schedules. */
  begin(): void
}

export interface Scenario {
  /**
   * Real code of each thread. It is run again from its start for every operation, with the recorded results of those before; so it makes
   * its own objects, and all that it shares it reaches through the operations.
   */
  readonly threads: Readonly<Record<string, (ops: ThreadOps) => void>>
  /** What must hold when all have ended. */
  check(): void
}

/** Not all threads ended and none can go on: somebody sleeps for ever. The message is the schedule. */
export class LostWakeUp extends Error {}

const SUSPEND = Symbol('suspend')

/** Runs real code one operation at a time: whatever comes after the next operation is cut off, and run again later. */
class SimulatedThread {
  done = false
  private readonly results: unknown[] = []
  private blockedOn: (() => boolean) | undefined

  constructor(
    readonly name: string,
    private readonly body: (ops: ThreadOps) => void,
    private readonly waiters: Set<{ words: Int32Array; at: number; woken: boolean }>,
  ) {}

  get canRun(): boolean {
    return !this.done && (this.blockedOn === undefined || this.blockedOn())
  }

  /** Runs up to the end of the next operation. */
  step(): void {
    this.blockedOn = undefined
    try {
      this.body(this.replay())
      this.done = true
    } catch (error) {
      if (error !== SUSPEND) throw error
    }
  }

  private replay(): ThreadOps {
    let at = 0
    let begun = false
    const perform = <T>(operation: () => T): T => {
      if (at < this.results.length) return this.results[at++] as T
      const result = operation()
      this.results.push(result)
      at++
      if (begun) throw SUSPEND
      return result
    }
    const until = (condition: () => boolean): void => {
      perform(() => {
        this.blockedOn = condition
      })
    }
    return { atomics: this.atomics(perform, until), act: perform, until, begin: () => (begun = true) }
  }

  private atomics(perform: <T>(operation: () => T) => T, until: (condition: () => boolean) => void): AtomicOps {
    const { waiters } = this
    return {
      load: (words, at) => perform(() => words[at]),
      store: (words, at, value) => perform(() => (words[at] = value)),
      exchange: (words, at, value) => perform(() => Atomics.exchange(words, at, value)),
      notify: (words, at) =>
        perform(() => {
          for (const waiter of waiters) if (waiter.words.buffer === words.buffer && waiter.at === at) waiter.woken = true
          return 1
        }),
      wait: (words, at, value) => {
        const waiter = perform(() => {
          if (words[at] !== value) return undefined
          const added = { words, at, woken: false }
          waiters.add(added)
          this.blockedOn = () => added.woken
          return added
        })
        if (waiter === undefined) return 'not-equal'
        until(() => waiter.woken)
        return 'ok'
      },
    }
  }
}

/** Tries every interleaving of the threads' operations and returns how many there are. Throws `LostWakeUp`, or what `check` throws. */
export function explore(make: () => Scenario): number {
  return everySchedule((choose) => {
    const scenario = make()
    const waiters = new Set<{ words: Int32Array; at: number; woken: boolean }>()
    const threads = Object.entries(scenario.threads).map(([name, body]) => new SimulatedThread(name, body, waiters))
    const trace: string[] = []
    for (;;) {
      const ready = threads.filter((thread) => thread.canRun)
      if (ready.length === 0) break
      const next = ready[ready.length === 1 ? 0 : choose(ready.length)]
      trace.push(next.name)
      next.step()
    }
    if (!threads.every((thread) => thread.done)) throw new LostWakeUp(trace.join(' '))
    scenario.check()
  })
}
