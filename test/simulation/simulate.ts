import assert from 'node:assert/strict'
import type { Session } from '../../src/stream/session.js'
import { leaks } from '../support/test-mesh.js'
import { Calls } from './calls.js'
import { Query } from './query.js'
import type { Fault, Scenario } from './scenario.js'
import { waits } from './waits.js'
import { World } from './world.js'

/** How a run went. */
export interface Outcome {
  /** Undefined: all was as it should be. */
  readonly failure: string | undefined
  readonly steps: number
  readonly trace: readonly string[]
}

/** One scenario lived through. */
class Run {
  readonly world: World
  private readonly query: Query
  private readonly calls: Calls

  constructor(
    private readonly scenario: Scenario,
    withTrace: boolean,
  ) {
    this.world = new World(scenario.participants, scenario.schedule, scenario.elasticBytes, withTrace)
    this.query = new Query(this.world, scenario)
    this.calls = new Calls(this.world, scenario)
    for (const fault of scenario.faults) if ('step' in fault) this.appoint(fault)
  }

  async live(): Promise<void> {
    await this.world.settle()
    this.judge()
    if (this.isOrderly()) this.assertIdle('before the end')
    await this.end()
    this.judge()
    this.assertIdle('after the end')
  }

  private judge(): void {
    this.query.judge()
    this.calls.judge()
  }

  private appoint(fault: Fault & { step: number }): void {
    const who = 'who' in fault ? fault.who : 0
    this.world.at(who, fault.step, false, () => {
      if (!this.world.seats[who].isDead) this.befall(fault, who)
    })
  }

  private befall(fault: Fault, who: number): void {
    this.world.note(who, fault.do)
    switch (fault.do) {
      case 'crash':
        this.query.mayFailWith('PeerLost')
        this.calls.mayFailWith(who, 'PeerLost')
        this.world.crashAt(who, fault.operation)
        return
      case 'endQuery':
        this.query.mayFailWith('SessionEnded')
        void this.query.sessions[who].end()
        return
      case 'endCalls':
        this.calls.mayFailWith(who, 'SessionEnded')
        // What a caller is told who does not call before the other has gone.
        this.calls.mayFailWith(who, 'PeerLost')
        void this.calls.sessions[who]?.end()
        return
      case 'block':
        this.world.block(who, fault.steps)
        return
      case 'leave':
        this.query.leave()
        return
    }
  }

  /** Whether everything goes by itself: who did not plan never lets go of its inputs. */
  private isOrderly(): boolean {
    if (this.scenario.endsAtOnce) return false
    return !this.scenario.faults.some((fault) => fault.do === 'planFails' || fault.do === 'endQuery')
  }

  private living(): Session[] {
    return this.world.seats.filter((seat) => !seat.isDead).flatMap((seat) => seat.sessions)
  }

  /** The leader ends its session of the query and the others follow; where it is dead, each ends its own. */
  private async end(): Promise<void> {
    const [leader] = this.world.seats
    const followers = this.query.sessions.slice(1)
    await this.endAll((session) => leader.isDead || !followers.includes(session))
    if (leader.isDead) await this.endAll(() => true)
    const ended = new Set<Session>()
    for (const session of this.living()) void session.ended.then(() => ended.add(session))
    await this.world.settle()
    for (const session of this.living()) assert.ok(ended.has(session), `a session of participant ${session.self} does not end`)
  }

  private async endAll(which: (session: Session) => boolean): Promise<void> {
    for (const session of this.living().filter(which)) this.world.at(session.self, this.world.steps, true, () => void session.end())
    await this.world.settle()
  }

  private assertIdle(when: string): void {
    for (const { who, isDead } of this.world.seats) {
      assert.ok(isDead || this.world.isDrained(who), `${who} has not read all, ${when}`)
      assert.ok(isDead || this.query.openFiles(who) === 0, `${who} has spill files open, ${when}`)
    }
    for (const session of this.living()) assert.deepEqual(leaks(session), {}, `participant ${session.self}, ${when}, holds`)
  }

  waits(): string {
    return waits(this.living())
  }
}

/** Lives through a scenario: a pure function of it. */
export async function simulate(scenario: Scenario, withTrace = false): Promise<Outcome> {
  const world: { run?: Run } = {}
  let failure: string | undefined
  try {
    const run = new Run(scenario, withTrace)
    world.run = run
    await run.world.hold(() => run.live())
  } catch (error) {
    failure = `${(error as Error).message}\n${world.run?.waits() ?? ''}\n${withTrace ? (error as Error).stack : ''}`
  }
  return { failure, steps: world.run?.world.steps ?? 0, trace: world.run?.world.trace ?? [] }
}
