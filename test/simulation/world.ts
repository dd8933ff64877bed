import { SharedWords } from '../../src/memory/shared-words.js'
import { SleepWord } from '../../src/memory/sleep-word.js'
import { StatusWord } from '../../src/memory/status-word.js'
import type { Session } from '../../src/stream/session.js'
import { seeded } from '../support/test-loop.js'
import type { Schedule } from './scenario.js'

const realSetImmediate = setImmediate

/** Lets everything run that waits for nothing but its turn: all microtasks. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => realSetImmediate(resolve))
}

/** One participant's thread: its sessions, its sleep word, the bells on their way to it and what it has scheduled. */
export class Seat {
  readonly sessions: Session[] = []
  /** due: its next step is `service`. look: it found nothing, its next step is the second look. asleep: only a bell or itself wakes it. */
  phase: 'due' | 'look' | 'asleep' = 'due'
  isDead = false
  blockedUntil = 0
  /** How many operations it lives on; 0: for ever. */
  operationsLeft = 0
  /** The step at which each bell on its way arrives. */
  readonly bells: number[] = []
  readonly macrotasks: (() => void)[] = []
  /** What it has scheduled for later, by the virtual clock. */
  timers: { readonly atMs: number; readonly act: () => void }[] = []
  /** Its turn does not see what was published on control rings since its last step. */
  isStale = false
  /** Whether it acted since the microtasks ran last. */
  acted = false
  readonly sleep: SleepWord
  readonly status: StatusWord

  constructor(
    readonly who: number,
    words: SharedWords,
  ) {
    this.sleep = new SleepWord(words, 2 * who)
    this.status = new StatusWord(words, 2 * who + 1)
  }

  /** Asks for a turn. */
  schedule(): void {
    if (this.isDead) return
    this.phase = 'due'
    this.sleep.wakeUp()
  }

  readonly mayWork = (): boolean => this.sessions.some((session) => session.mayWork())
}

/** A step that is to come. `must`: time goes on to it when nothing else is to be done. */
interface Appointment {
  readonly who: number
  readonly step: number
  readonly must: boolean
  readonly act: () => void
}

/** More steps than any scenario needs: beyond it something is busy for ever. */
const STEPS_MAX = 200_000
/** What one look at the clock takes, at most. */
const LOOK_MS = 0.5

/**
 * All participants in one thread. A step is one macrotask of one participant (a turn of its loop, a second look, a bell, or something
 * it scheduled) and all microtasks after it. Which comes next, how long bells take and what the clock says follow from the seed alone.
 */
export class World {
  readonly seats: Seat[]
  steps = 0
  /** Undefined: nobody wants it. */
  readonly trace: string[] | undefined
  private readonly failures: unknown[] = []
  private readonly random: () => number
  private readonly appointments: Appointment[] = []
  private readonly inlets: { readonly who: number; readonly hasMore: () => boolean }[] = []
  private current: Seat
  private nowMs = 0

  constructor(
    participants: number,
    private readonly plan: Schedule,
    private readonly elasticBytes: number,
    withTrace: boolean,
  ) {
    const words = new SharedWords(new SharedArrayBuffer(SharedWords.sizeBytes(2 * participants)))
    this.seats = Array.from({ length: participants }, (_none, who) => new Seat(who, words))
    this.current = this.seats[0]
    this.random = seeded(plan.seed)
    this.trace = withTrace ? [] : undefined
  }

  /** The virtual clock. */
  readonly now = (): number => {
    this.nowMs += this.random() * LOOK_MS
    return this.nowMs
  }

  /** Something went wrong that no scenario wants; what the dead find is nobody's. */
  failed(who: number, error: unknown): void {
    if (!this.seats[who].isDead) this.failures.push(error)
  }

  note(who: number | string, what: string): void {
    this.trace?.push(`${this.steps} ${who}: ${what}`)
  }

  /** A bell for a sleeper: it takes its time, and may ring again. */
  readonly ring = (to: number): void => {
    const { bellDelay, bellRepeat } = this.plan
    const arrives = (): number => this.steps + Math.floor(this.random() * (bellDelay + 1))
    this.seats[to].bells.push(arrives())
    if (bellRepeat > 0 && this.random() * bellRepeat < 1) this.seats[to].bells.push(arrives())
  }

  /** `hasMore`: whether a frame waits to be read by `who`. */
  watch(who: number, hasMore: () => boolean): void {
    this.inlets.push({ who, hasMore })
  }

  /** Whether a living participant has read every frame that was published for it. */
  isDrained(who: number): boolean {
    return this.inlets.every((inlet) => inlet.who !== who || !inlet.hasMore())
  }

  /** Does something at a step, as a macrotask of `who`. `must`: also if everybody sleeps before. */
  at(who: number, step: number, must: boolean, act: () => void): void {
    this.appointments.push({ who, step, must, act })
  }

  /** The participant exits at its operation of this number from now on; 0: at once. */
  crashAt(who: number, operation: number): void {
    this.seats[who].operationsLeft = operation
    if (operation === 0) this.crash(who)
  }

  /** A participant is about to operate on a link. False: it is dead, and nothing that it does reaches anybody. */
  operates(who: number): boolean {
    const seat = this.seats[who]
    if (seat.operationsLeft > 0 && --seat.operationsLeft === 0) this.crash(who)
    this.preempt(who)
    return !seat.isDead
  }

  private crash(who: number): void {
    const seat = this.seats[who]
    if (seat.isDead) return
    this.note(who, 'crashes')
    seat.isDead = true
    seat.phase = 'asleep'
    seat.status.markDead()
    for (const other of this.seats) if (!other.isDead) this.ring(other.who)
  }

  block(who: number, steps: number): void {
    this.note(who, `is blocked for ${steps} steps`)
    this.seats[who].blockedUntil = this.steps + steps
  }

  /** At an operation on a link: another participant may take its turn meanwhile. */
  private preempt(self: number): void {
    const { preempt } = this.plan
    this.seats[self].acted = true
    if (preempt === 0 || this.random() * preempt >= 1) return
    const other = this.seats[Math.floor(this.random() * this.seats.length)]
    if (other.isDead || other.acted || other.blockedUntil > this.steps) return
    if (other.phase !== 'asleep') this.turn(other)
  }

  /** Steps until all sleep and nothing is to come. */
  async settle(): Promise<void> {
    while (await this.step()) if (this.steps > STEPS_MAX) throw new Error(`not asleep after ${STEPS_MAX} steps`)
  }

  /** Runs `body` with the time, the macrotasks and the errors of this world in place of the real ones. */
  async hold<T>(body: () => Promise<T>): Promise<T> {
    const real = {
      setImmediate,
      setTimeout,
      random: Math.random,
      date: Date.now,
      performanceNow: performance.now,
      hrtime: process.hrtime,
      limit: Error.stackTraceLimit,
    }
    const forbidden = (): never => {
      throw new Error('the simulation must not look at the world outside')
    }
    const failed = (error: unknown): void => {
      this.failures.push(error)
    }
    process.on('unhandledRejection', failed)
    // biome-ignore lint/suspicious/noExplicitAny: the virtual one gives no handle, and nobody takes it.
    globalThis.setImmediate = ((act: (...args: unknown[]) => void) => void this.current.macrotasks.push(act)) as any
    // biome-ignore lint/suspicious/noExplicitAny: as above.
    globalThis.setTimeout = ((act: () => void, ms: number) => void this.current.timers.push({ atMs: this.nowMs + ms, act })) as any
    performance.now = this.now
    // Asked once: to ask takes time.
    process.hrtime = (() => [0, this.now() * 1e6]) as unknown as typeof process.hrtime
    Math.random = Date.now = forbidden
    Error.stackTraceLimit = 0
    try {
      return await body()
    } finally {
      globalThis.setImmediate = real.setImmediate
      globalThis.setTimeout = real.setTimeout
      performance.now = real.performanceNow
      process.hrtime = real.hrtime
      Math.random = real.random
      Date.now = real.date
      Error.stackTraceLimit = real.limit
      process.off('unhandledRejection', failed)
    }
  }

  private async step(): Promise<boolean> {
    for (const seat of this.seats) this.ripen(seat)
    const appointment = this.dueAppointment()
    const seat = appointment === undefined ? this.pick() : undefined
    if (appointment !== undefined) this.keep(appointment)
    else if (seat !== undefined) this.act(seat)
    else if (!this.skip()) return false
    await microtasks()
    for (const each of this.seats) each.acted = false
    this.steps++
    for (const each of this.seats) for (const { budget } of each.sessions) this.assertWithin(budget)
    if (this.failures.length > 0) throw this.failures[0]
    return true
  }

  /** What is reserved above the floors never exceeds the budget. */
  private assertWithin({ chargedBytes }: Session['budget']): void {
    if (chargedBytes > this.elasticBytes) this.failures.push(new Error(`${chargedBytes} bytes charged of ${this.elasticBytes}`))
  }

  /** Timers whose time has come are macrotasks. */
  private ripen(seat: Seat): void {
    const due = seat.timers.filter(({ atMs }) => atMs <= this.nowMs)
    if (due.length === 0) return
    seat.timers = seat.timers.filter(({ atMs }) => atMs > this.nowMs)
    seat.macrotasks.push(...due.map(({ act }) => act))
  }

  private keep({ who, act }: Appointment): void {
    this.current = this.seats[who]
    this.current.acted = true
    act()
  }

  private dueAppointment(): Appointment | undefined {
    const index = this.appointments.findIndex(({ step }) => step <= this.steps)
    return index < 0 ? undefined : this.appointments.splice(index, 1)[0]
  }

  private pick(): Seat | undefined {
    const ready = this.seats.filter((seat) => this.isReady(seat))
    return ready[Math.floor(this.random() * ready.length)]
  }

  /** What a dead one has scheduled runs too: nothing of it reaches anybody. */
  private isReady(seat: Seat): boolean {
    if (seat.isDead) return seat.macrotasks.length > 0
    if (seat.blockedUntil > this.steps) return false
    return seat.phase !== 'asleep' || seat.macrotasks.length > 0 || seat.bells.some((step) => step <= this.steps)
  }

  private act(seat: Seat): void {
    this.current = seat
    seat.acted = true
    const bell = seat.isDead ? -1 : seat.bells.findIndex((step) => step <= this.steps)
    const chance = this.random()
    if (bell >= 0 && (chance < 0.5 || (seat.phase === 'asleep' && seat.macrotasks.length === 0))) {
      seat.bells.splice(bell, 1)
      seat.schedule()
    } else if (seat.macrotasks.length > 0 && (chance < 0.75 || seat.phase === 'asleep')) seat.macrotasks.shift()!()
    else this.turn(seat)
  }

  private turn(seat: Seat): void {
    seat.acted = true
    const before = this.current
    this.current = seat
    if (seat.phase === 'due') {
      seat.phase = 'look'
      let worked = false
      seat.isStale = this.drawsStale()
      for (const session of seat.sessions) if (session.service()) worked = true
      seat.isStale = false
      if (worked && !seat.isDead) seat.phase = 'due'
    } else {
      seat.phase = 'asleep'
      if (!seat.sleep.fallAsleep(seat.mayWork) && !seat.isDead) seat.phase = 'due'
    }
    this.current = before
  }

  /** Where somebody is dead, nothing is read before his ring and his last words are. */
  private drawsStale(): boolean {
    const { stale } = this.plan
    return stale > 0 && this.random() * stale < 1 && this.seats.every(({ isDead }) => !isDead)
  }

  /** Goes on to when something is due. False: nothing is. */
  private skip(): boolean {
    let next = Number.POSITIVE_INFINITY
    for (const { step, must } of this.appointments) if (must) next = Math.min(next, step)
    for (const { isDead, bells, blockedUntil, phase, macrotasks } of this.seats) {
      if (isDead) continue
      if (blockedUntil > this.steps && (phase !== 'asleep' || macrotasks.length + bells.length > 0)) next = Math.min(next, blockedUntil)
      else for (const step of bells) next = Math.min(next, step)
    }
    if (next === Number.POSITIVE_INFINITY) return this.awaitTimer()
    this.steps = Math.max(this.steps, next - 1)
    return true
  }

  /** Where nothing else is to come, the clock goes on to the next timer. False: there is none. */
  private awaitTimer(): boolean {
    const times = this.seats.flatMap(({ isDead, timers }) => (isDead ? [] : timers.map(({ atMs }) => atMs)))
    if (times.length === 0) return false
    this.nowMs = Math.max(this.nowMs, Math.min(...times))
    return true
  }
}
