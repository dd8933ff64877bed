import type { Session } from '../../src/stream/session.js'
import type { Link } from './links.js'

/** Lets everything run that waits for nothing but its turn: all microtasks. */
export function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A number generator with a seed, for schedules that can be repeated (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** due: its next step is `service`. look: it found nothing, its next step is the second look. asleep: only its bell or its own schedule wakes it. */
type Phase = 'due' | 'look' | 'asleep' | 'dead'

interface Seat {
  session: Session
  phase: Phase
}

export interface TestLoopOptions {
  /** With a seed the order of steps is random, and the same for the same seed; without, all take turns. */
  readonly seed?: number | undefined
  /** `false` plants a bug: to sleep without the second look. */
  readonly looksAgain?: boolean
}

/** More steps than any test needs: beyond it a loop is busy for ever. */
const STEPS_MAX = 500_000

/**
 * Drives several sessions in one thread. A step is all microtasks, then one `service` or one second look of one session, so
 * that every interleaving of whole steps can be had. As with the sleep word, a bell reaches only who is asleep.
 */
export class TestLoop {
  private readonly seats: Seat[] = []
  private readonly random: (() => number) | undefined
  private readonly looksAgain: boolean
  private turn = 0
  private readonly carriers: (() => boolean)[] = []
  steps = 0

  constructor(options: TestLoopOptions = {}) {
    this.random = options.seed === undefined ? undefined : seeded(options.seed)
    this.looksAgain = options.looksAgain ?? true
  }

  /** Seats a session; `make` is given its `schedule` and its bell. */
  add(make: (schedule: () => void) => Session): Session {
    const seat: { session: Session | undefined; phase: Phase } = { session: undefined, phase: 'due' }
    const session = make(() => {
      if (seat.phase !== 'dead') seat.phase = 'due'
    })
    seat.session = session
    this.seats.push(seat as Seat)
    return session
  }

  /** A peer's bell. */
  wake(index: number): void {
    const seat = this.seats[index]
    if (seat !== undefined && seat.phase === 'asleep') seat.phase = 'due'
  }

  /** Nothing is over while what is carried from one to another is under way. */
  carriedBy({ isQuiet }: Pick<Link, 'isQuiet'>): void {
    if (isQuiet !== undefined) this.carriers.push(isQuiet)
  }

  /** The participant does nothing any more. */
  kill(index: number): void {
    this.seats[index].phase = 'dead'
  }

  /** One step. False: all are asleep. */
  async step(): Promise<boolean> {
    await tick()
    let ready = this.ready()
    while (ready.length === 0 && !this.carriers.every((isQuiet) => isQuiet())) {
      await tick()
      ready = this.ready()
    }
    if (ready.length === 0) return false
    this.act(this.random === undefined ? ready[this.turn++ % ready.length] : ready[Math.floor(this.random() * ready.length)])
    this.steps++
    return true
  }

  /** Steps until all are asleep. */
  async settle(): Promise<void> {
    const end = this.steps + STEPS_MAX
    while (await this.step()) if (this.steps > end) throw new Error(`not asleep after ${STEPS_MAX} steps`)
  }

  private ready(): Seat[] {
    return this.seats.filter(({ phase }) => phase === 'due' || phase === 'look')
  }

  private act(seat: Seat): void {
    if (seat.phase === 'due') {
      seat.phase = 'look'
      if (seat.session.service()) seat.phase = 'due'
    } else seat.phase = this.looksAgain && seat.session.mayWork() ? 'due' : 'asleep'
  }
}
