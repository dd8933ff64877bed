import type { AtomicOps } from '../../src/memory/atomics.js'

/** What a simulated thread may use: everything that others can see goes through it, and the others may run before each such operation. */
export interface ThreadOps {
  /**
   * The shared memory as this thread sees it. What it writes plainly is seen by others from its next operation on, as late as can be;
   * what others wrote plainly it sees after its own operations.
   */
  readonly memory: ArrayBuffer
  readonly atomics: AtomicOps
  /** Stands still until the word is not 0, as a thread in its event loop does, then sets it to 0. */
  takeBell(words: Int32Array, at: number): void
  /** Ends the setting up: operations before it are one step, so that they do not multiply the schedules. */
  begin(): void
  /**
   * All that the thread does from here on depends on nothing but the fields of these objects (those that are numbers, booleans or strings)
   * and on the memory: however it came here, it goes on alike. Without it each way is followed by itself.
   */
  mark(...objects: readonly object[]): void
}

export interface Scenario {
  /** All that the threads share, as it is when they begin. */
  readonly memory: ArrayBuffer
  /** The part of it that is written plainly; only in the rest are words for `atomics`. */
  readonly plain?: { readonly from: number; readonly to: number }
  /**
   * Real code of each thread. It is run again from its start for every operation, with the recorded results of those before; so it makes
   * its own objects, reaches all that it shares through the operations, and hands back what came of it.
   */
  readonly threads: Readonly<Record<string, (ops: ThreadOps) => unknown>>
  /** What must hold when all have ended, of what each handed back. */
  check(outcomes: Readonly<Record<string, unknown>>): void
}

/** Not all threads ended and none can go on: somebody sleeps for ever. The message is the schedule. */
export class LostWakeUp extends Error {}

export interface Explored {
  /** How many interleavings there are; all are covered. */
  readonly schedules: number
  /** How many different states they go through; each is looked at once. */
  readonly states: number
}

/** One operation that a thread has behind it: its result, and which plain memory it saw then. */
interface Past {
  readonly result: unknown
  readonly plain: number
}

interface Thread {
  readonly past: readonly Past[]
  readonly key: string
  readonly done?: { readonly outcome: unknown }
  /** Waits until this word is not 0. */
  readonly bellAt?: number
  /** Blocked in `wait` on this word. */
  readonly waitAt?: number
  readonly timed?: boolean
  readonly woken?: boolean
}

interface State {
  readonly words: Int32Array
  readonly plain: number
  readonly threads: readonly Thread[]
}

const SUSPEND = Symbol('suspend')
const DEPTH_MAX = 400
const FRESH: Thread = { past: [], key: '' }

/**
 * Tries every interleaving of the threads' operations. Throws `LostWakeUp`, or what `check` or a thread throws, with the schedule.
 * Two schedules that lead to the same memory, and gave each thread the same results, go on alike: only the first is followed.
 */
export function explore(scenario: Scenario): Explored {
  return new Explorer(scenario).run()
}

class Explorer {
  private readonly bodies: readonly ((ops: ThreadOps) => unknown)[]
  private readonly names: readonly string[]
  private readonly from: number
  private readonly to: number
  /** Each plain memory that ever was. */
  private readonly plains: Uint8Array[] = []
  private readonly plainIds = new Map<string, number>()
  private readonly seen = new Map<string, number>()
  private readonly trace: string[] = []
  private readonly initial: Int32Array
  /** The words that any operation meant; all others are as in the beginning. */
  readonly touched = new Set<number>()

  constructor(private readonly scenario: Scenario) {
    this.names = Object.keys(scenario.threads)
    this.bodies = Object.values(scenario.threads)
    this.from = scenario.plain?.from ?? 0
    this.to = scenario.plain?.to ?? 0
    this.initial = new Int32Array(scenario.memory)
  }

  run(): Explored {
    const { memory } = this.scenario
    const plain = this.intern(new Uint8Array(memory, this.from, this.to - this.from))
    const schedules = this.visit({ words: new Int32Array(memory.slice(0)), plain, threads: this.names.map(() => FRESH) })
    return { schedules, states: this.seen.size }
  }

  /** The number of schedules from here. */
  private visit(state: State): number {
    const key = this.keyOf(state)
    const known = this.seen.get(key)
    if (known !== undefined) return known
    if (this.trace.length > DEPTH_MAX) throw new Error(`no end: ${this.trace.join(' ')}`)
    let schedules = 0
    for (const [at, thread] of state.threads.entries()) {
      if (!canRun(state, thread)) continue
      this.trace.push(this.names[at])
      schedules += this.visit(this.step(state, at))
      this.trace.pop()
    }
    if (schedules === 0) {
      this.end(state)
      schedules = 1
    }
    this.seen.set(key, schedules)
    return schedules
  }

  private end({ threads }: State): void {
    const waiting = this.names.filter((_, at) => threads[at].done === undefined)
    if (waiting.length > 0) throw new LostWakeUp(`${waiting.join(' and ')} for ever: ${this.trace.join(' ')}`)
    this.scenario.check(Object.fromEntries(this.names.map((name, at) => [name, threads[at].done?.outcome])))
  }

  /** What follows when one thread goes on up to the end of its next operation. */
  private step(state: State, at: number): State {
    const words = state.words.slice()
    const turn = new Turn(state.threads[at], words, state.plain, this)
    try {
      const outcome = this.bodies[at](turn)
      turn.flush()
      turn.next = { ...turn.next, done: { outcome }, key: JSON.stringify(outcome) ?? '' }
    } catch (error) {
      if (error !== SUSPEND) throw error
    }
    const threads = state.threads.map((thread, other) => {
      if (other === at) return turn.next
      return thread.waitAt !== undefined && thread.waitAt === turn.notified ? { ...thread, woken: true } : thread
    })
    return { words, plain: turn.plain, threads }
  }

  intern(bytes: Uint8Array): number {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    let id = this.plainIds.get(text)
    if (id === undefined) {
      id = this.plains.push(bytes.slice()) - 1
      this.plainIds.set(text, id)
    }
    return id
  }

  /** The plain memory of that id. */
  plainOf(id: number): Uint8Array {
    return this.plains[id]
  }

  /** What a thread that begins its turn anew sees. */
  viewOf(): { memory: ArrayBuffer; plain: Uint8Array } {
    const memory = this.scenario.memory.slice(0)
    return { memory, plain: new Uint8Array(memory, this.from, this.to - this.from) }
  }

  private keyOf({ words, plain, threads }: State): string {
    let key = `${plain}`
    for (const at of this.touched) if (words[at] !== this.initial[at]) key += ` ${at}=${words[at]}`
    for (const { key: past, done, bellAt, waitAt, woken } of threads) {
      key += `|${past}${done === undefined ? '' : '.'}${bellAt ?? ''},${waitAt ?? ''}${woken ? '!' : ''}`
    }
    return key
  }
}

function canRun({ words }: State, { done, bellAt, waitAt, timed, woken }: Thread): boolean {
  if (done !== undefined) return false
  if (bellAt !== undefined) return words[bellAt] !== 0
  return waitAt === undefined || timed === true || woken === true
}

/** One run of a thread's code: its past again, then one operation more, where it is cut off. */
class Turn implements ThreadOps {
  readonly memory: ArrayBuffer
  readonly atomics: AtomicOps
  next: Thread
  /** The word that was notified. */
  notified: number | undefined
  private readonly view: Uint8Array
  private viewed: number
  private at = 0
  private begun = false
  /** What the thread went through since its last mark. */
  private key = ''

  constructor(
    private readonly thread: Thread,
    private readonly words: Int32Array,
    public plain: number,
    private readonly explorer: Explorer,
  ) {
    const { memory, plain: view } = explorer.viewOf()
    this.memory = memory
    this.view = view
    this.viewed = 0
    this.next = { past: thread.past, key: '' }
    this.atomics = this.createAtomics()
  }

  begin(): void {
    this.begun = true
  }

  mark(...objects: readonly object[]): void {
    this.key = `#${this.viewed}`
    for (const object of objects) for (const value of Object.values(object)) if (typeof value !== 'object') this.key += ` ${String(value)}`
  }

  takeBell(words: Int32Array, index: number): void {
    const at = this.indexOf(words, index)
    this.perform(() => {
      if (this.words[at] === 0) return this.suspend({ bellAt: at })
      this.words[at] = 0
    })
  }

  /** Makes what was written plainly since the last operation visible. */
  flush(): void {
    const before = this.explorer.plainOf(this.viewed)
    if (this.view.length === 0 || Buffer.compare(this.view, before) === 0) return
    const now = this.explorer.plainOf(this.plain).slice()
    for (let at = 0; at < now.length; at++) if (this.view[at] !== before[at]) now[at] = this.view[at]
    this.plain = this.explorer.intern(now)
  }

  private createAtomics(): AtomicOps {
    const { words } = this
    return {
      load: (view, index) => this.perform(() => words[this.indexOf(view, index)]),
      store: (view, index, value) => this.perform(() => (words[this.indexOf(view, index)] = value)),
      exchange: (view, index, value) => this.perform(() => Atomics.exchange(words, this.indexOf(view, index), value)),
      notify: (view, index) =>
        this.perform(() => {
          this.notified = this.indexOf(view, index)
          return 1
        }),
      wait: (view, index, value, timeoutMs) =>
        this.perform(() => {
          const at = this.indexOf(view, index)
          if (this.thread.waitAt !== undefined) return this.thread.woken ? 'ok' : 'timed-out'
          if (words[at] !== value) return 'not-equal'
          return this.suspend({ waitAt: at, timed: timeoutMs !== undefined })
        }),
    }
  }

  private perform<T>(operation: () => T): T {
    const past = this.thread.past[this.at]
    if (past !== undefined) {
      this.remember(past)
      this.look(past.plain)
      return past.result as T
    }
    this.flush()
    const result = operation()
    const done = { result, plain: this.plain }
    this.remember(done)
    this.next = { ...this.next, past: [...this.next.past, done] }
    if (this.begun) this.suspend({})
    this.look(this.plain)
    return result
  }

  private remember({ result, plain }: Past): void {
    this.at++
    this.key += `${String(result)}@${plain};`
  }

  private look(plain: number): void {
    if (plain === this.viewed) return
    this.view.set(this.explorer.plainOf(plain))
    this.viewed = plain
  }

  private suspend(blocked: Partial<Thread>): never {
    this.next = { ...this.next, ...blocked, key: this.key }
    throw SUSPEND
  }

  /** Where in the whole memory a word of a view is. */
  private indexOf(view: Int32Array, index: number): number {
    const at = view.byteOffset / 4 + index
    this.explorer.touched.add(at)
    return at
  }
}
