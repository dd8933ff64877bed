import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import type { Inbound } from '../../src/stream/inbound.js'
import type { LinkEnd } from '../../src/stream/link-end.js'
import type { SourceTask } from '../../src/stream/source-task.js'
import { type LinkFactory, memoryLink } from './links.js'
import { consume, type Outcome, TestMesh } from './test-mesh.js'
import { message, streamId, TestSource } from './test-source.js'

/** What can happen in the life of a stream, in any order. `who` is a participant: 1 produces, 0 and 2 receive. */
export type Command =
  | { readonly do: 'start' | 'take' | 'cancel'; readonly who: 0 | 2 }
  /** `looks`: writes only to sinks that are not closed; else it lets the Control Service look and writes all the same. */
  | { readonly do: 'data'; readonly bytes: number; readonly looks: boolean }
  | { readonly do: 'end' | 'error' | 'planFails' }
  /** A message of each of the other streams on the same links. */
  | { readonly do: 'crowd'; readonly bytes: number }
  | { readonly do: 'die' | 'endSession'; readonly who: 0 | 1 | 2 }
  | { readonly do: 'steps'; readonly count: number }

export interface Scenario {
  readonly kind: 'query' | 'call'
  readonly delivery: 'calls' | 'flows'
  readonly elasticBytes: number
  readonly seed: number
  readonly commands: readonly Command[]
}

/** A bug to plant. */
export interface Plant {
  readonly looksAgain?: boolean
  readonly wrapEnd?: (end: LinkEnd) => LinkEnd
  readonly factory?: LinkFactory
}

const RING_BYTES = 0x1000
const F = RING_BYTES / 8
const RECEIVERS = [0, 2] as const
const CROWD_STAGES = [2, 3, 4]

const receiver = fc.constantFrom(0 as const, 2 as const)
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('start' as const), who: receiver }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), who: receiver }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), who: receiver }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('data' as const), bytes: fc.constantFrom(1, 100, F - 8, F, F + 1, 5 * F), looks: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crowd' as const), bytes: fc.constantFrom(100, F - 8, 5 * F) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'error' as const, 'planFails' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('die' as const, 'endSession' as const),
      who: fc.constantFrom(0 as const, 1 as const, 2 as const),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('steps' as const), count: fc.integer({ min: 1, max: 6 }) }) },
)

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  kind: fc.constantFrom('query' as const, 'call' as const),
  delivery: fc.constantFrom('calls' as const, 'flows' as const),
  elasticBytes: fc.constantFrom(0, 1500, 0x1_0000),
  seed: fc.integer({ min: 0, max: 1_000_000 }),
  commands: fc.array(command, { minLength: 1, maxLength: 40 }),
})

type Act = { readonly write: Uint8Array; readonly looks: boolean } | 'end' | 'error'

/** What a source is to do, told step by step. */
class Script {
  private readonly acts: Act[] = []
  private wake: () => void = () => {}
  readonly written: Uint8Array[] = []
  ending: 'end' | 'error' | undefined

  add(act: Act): void {
    if (this.ending !== undefined) return
    if (typeof act === 'string') this.ending = act
    else this.written.push(act.write)
    this.acts.push(act)
    this.wake()
  }

  private write(task: SourceTask, message: Uint8Array, looks: boolean): void {
    if (!looks) task.poll()
    for (const sink of task.sinks) if (!looks || !sink.isClosed) sink.write(message)
  }

  async play(task: SourceTask): Promise<void> {
    for (;;) {
      if (task.isCancelled) return
      const act = this.acts.shift()
      if (act === undefined) await Promise.race([task.changed(), new Promise<void>((resolve) => (this.wake = resolve))])
      else if (act === 'end') return
      else if (act === 'error') throw new Error('boom')
      else this.write(task, act.write, act.looks)
    }
  }
}

/** The simple model of one receiver: what happened that bears on how its stream may end. */
interface Expectation {
  cancelled: boolean
  /** Its own or its sender's session ended, or its sender died, or the planning failed: it may be cut short, by that. */
  readonly mayFailWith: Set<string>
}

/** One scenario against real sessions, and the simple model beside it. */
class Life {
  private readonly mesh: TestMesh
  private readonly scripts: Script[]
  private readonly streams = new Map<number, Inbound>()
  private readonly taken = new Map<number, Uint8Array[]>([
    [0, []],
    [2, []],
  ])
  private readonly expected = new Map<number, Expectation>()
  private readonly closed = new Set<number>()
  private readonly id = streamId(1, 1)
  private readonly crowd: { readonly script: Script; readonly who: 0 | 2; readonly stream: Inbound }[] = []
  private sealed = false
  private callFailed = new Set<number>()

  constructor(
    private readonly scenario: Scenario,
    plant: Plant,
  ) {
    const { kind, elasticBytes, seed, delivery } = scenario
    const shared = new Script()
    this.scripts = kind === 'query' ? [shared] : [shared, new Script()]
    for (const who of RECEIVERS) this.expected.set(who, { cancelled: false, mayFailWith: new Set() })
    this.mesh = new TestMesh({
      factory: memoryLink,
      ...plant,
      participants: 3,
      ringBytes: RING_BYTES,
      kind,
      elasticBytes,
      seed,
      called: (session, peer, id, call) => {
        const source = this.source(id, this.scriptOf(peer as 0 | 2), [peer], delivery)
        session.registry.registerCall(source, call.generation, call.limit)
      },
    })
    if (kind === 'call') return
    this.mesh.sessions[1].register(this.source(this.id, shared, RECEIVERS, delivery))
    for (const who of RECEIVERS) this.streams.set(who, this.mesh.request(who, this.id, delivery))
    for (const stage of CROWD_STAGES) this.addCrowd(stage)
  }

  async run(): Promise<void> {
    for (const each of this.scenario.commands) await this.act(each)
    await this.finish()
  }

  private source(id: PhysicalStreamId, script: Script, receivers: readonly number[], delivery: 'calls' | 'flows'): TestSource {
    return new TestSource(id, (task) => script.play(task), { receivers, delivery })
  }

  private addCrowd(stage: number): void {
    const script = new Script()
    const id = streamId(stage, 1)
    this.mesh.sessions[1].register(this.source(id, script, RECEIVERS, this.scenario.delivery))
    for (const who of RECEIVERS) this.crowd.push({ script, who, stream: this.mesh.request(who, id, this.scenario.delivery) })
  }

  private scriptOf(who: 0 | 2): Script {
    return this.scenario.kind === 'query' || who === 0 ? this.scripts[0] : this.scripts[1]
  }

  private async act(command: Command): Promise<void> {
    switch (command.do) {
      case 'start':
        return this.start(command.who)
      case 'take':
        return this.take(command.who)
      case 'cancel':
        return this.cancel(command.who)
      case 'data':
        for (const script of this.scripts) script.add({ write: message(command.bytes, script.written.length), looks: command.looks })
        return
      case 'crowd':
        for (const { script, who, stream } of this.crowd) {
          if (who === 0) script.add({ write: message(command.bytes, script.written.length), looks: true })
          if (!this.closed.has(who)) stream.ready().catch(() => {})
        }
        return
      case 'end':
      case 'error':
        for (const script of this.scripts) script.add(command.do)
        return
      case 'planFails':
        return this.failPlan()
      case 'die':
      case 'endSession':
        return this.close(command.who, command.do)
      case 'steps':
        for (let step = 0; step < command.count; step++) await this.mesh.loop.step()
        return
    }
  }

  private start(who: 0 | 2): void {
    if (this.closed.has(who) || this.callFailed.has(who)) return
    this.open(who)
      ?.ready()
      .catch(() => {})
  }

  /** In a mesh for calls the call is made here, unless the peer is known to be gone. */
  private open(who: 0 | 2): Inbound | undefined {
    const present = this.streams.get(who)
    if (present !== undefined || this.closed.has(who)) return present
    const call = { generation: 1, procedure: 0, inputId: streamId(0, 0), inputGeneration: 0, input: new Uint8Array(0) }
    try {
      const stream = this.mesh.sessions[who].call(this.id, call, { delivery: this.scenario.delivery })
      this.streams.set(who, stream)
      return stream
    } catch (error) {
      assert.ok(this.expected.get(who)?.mayFailWith.has((error as { code: string }).code), `${who}: ${error}`)
      this.callFailed.add(who)
      return undefined
    }
  }

  private take(who: 0 | 2): void {
    const next = this.streams.get(who)?.take()
    if (next !== undefined) this.taken.get(who)?.push(next)
  }

  private cancel(who: 0 | 2): void {
    const stream = this.streams.get(who)
    if (stream === undefined || this.closed.has(who)) return
    stream.cancel()
    const expectation = this.expected.get(who)!
    expectation.cancelled = true
  }

  private failPlan(): void {
    if (this.scenario.kind === 'call' || this.sealed || this.closed.has(1)) return
    this.sealed = true
    this.mesh.sessions[1].seal(Object.assign(new Error('bad plan'), { code: 'BadPlan' }))
    for (const { mayFailWith } of this.expected.values()) mayFailWith.add('BadPlan')
  }

  private close(who: 0 | 1 | 2, how: 'die' | 'endSession'): void {
    if (this.mesh.dead.has(who)) return
    this.closed.add(who)
    const code = how === 'die' ? 'PeerLost' : 'SessionEnded'
    for (const [each, { mayFailWith }] of this.expected) if (who === 1 || who === each) mayFailWith.add(code)
    if (how === 'die') this.mesh.kill(who)
    else this.mesh.sessions[who].end()
  }

  /** Everything goes on undisturbed: whoever is left reads to the end. */
  private async finish(): Promise<void> {
    for (const script of [...this.scripts, ...this.crowd.map((each) => each.script)]) script.add('end')
    const outcomes = new Map<0 | 2, Outcome>()
    const crowd = this.crowd.filter(({ who }) => !this.mesh.dead.has(who)).map(({ stream }) => consume(stream))
    for (const who of RECEIVERS) {
      if (this.mesh.dead.has(who)) continue
      const stream = this.open(who)
      if (stream !== undefined) outcomes.set(who, consume(stream))
    }
    await this.mesh.settle()
    for (const [who, outcome] of outcomes) this.judge(who, outcome)
    for (const { end } of crowd) assert.notEqual(end, 'pending', 'the crowd waits for ever')
    await this.mesh.end()
  }

  private judge(who: 0 | 2, outcome: Outcome): void {
    const { cancelled, mayFailWith } = this.expected.get(who)!
    const { written, ending } = this.scriptOf(who)
    const got = [...this.taken.get(who)!, ...outcome.messages]
    assert.notEqual(outcome.end, 'pending', `receiver ${who} waits for ever`)
    assert.deepEqual(got, written.slice(0, got.length), `receiver ${who} got other messages`)
    const failure = typeof outcome.end === 'object' ? (outcome.end.error as { code?: string; message: string }) : undefined
    if (cancelled) {
      assert.ok(
        failure === undefined || mayFailWith.has(failure.code ?? '') || failure.message === 'boom',
        `receiver ${who} left and got ${failure}`,
      )
    } else if (failure === undefined) {
      assert.equal(ending, 'end', `receiver ${who} saw an end where there was an error`)
      assert.equal(got.length, written.length, `receiver ${who} got a shorter stream`)
    } else if (failure.message === 'boom') {
      assert.equal(ending, 'error')
      if (this.scenario.delivery === 'calls') assert.equal(got.length, written.length, 'an error before its data')
    } else assert.ok(mayFailWith.has(failure.code ?? ''), `receiver ${who} failed with ${failure.message}`)
  }
}

/** Lives through a scenario; rejects where what happens is not what may happen. */
export function live(scenario: Scenario, plant: Plant = {}): Promise<void> {
  return new Life(scenario, plant).run()
}
