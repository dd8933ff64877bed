import assert from 'node:assert/strict'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import type { CallPayload } from '../../src/frame/call-payload.js'
import type { Inbound } from '../../src/stream/inbound.js'
import type { LinkEnd } from '../../src/stream/link-end.js'
import { Session } from '../../src/stream/session.js'
import { type Link, type LinkFactory, memoryLink, selfLink } from './links.js'
import { TestLoop } from './test-loop.js'
import { P } from './test-source.js'

export interface TestMeshOptions {
  readonly participants?: number
  readonly kind?: 'query' | 'call'
  readonly factory?: LinkFactory
  readonly ringBytes?: number | undefined
  readonly elasticBytes?: number | undefined
  readonly seed?: number | undefined
  readonly looksAgain?: boolean
  /** Every participant is linked to itself too. */
  readonly selfLinks?: boolean
  /** Replaces one end of a link, to plant a bug. */
  readonly wrapEnd?: (end: LinkEnd) => LinkEnd
  readonly called?: (session: Session, peer: number, id: PhysicalStreamId, call: CallPayload) => void
}

/** A mesh of sessions in one thread, each linked to each. */
export class TestMesh {
  readonly loop: TestLoop
  readonly sessions: Session[] = []
  readonly links = new Map<string, Link>()
  readonly sourceErrors: unknown[] = []
  /** How many consumers of each participant wait. */
  readonly waiting: number[] = []
  readonly dead = new Set<number>()

  constructor(private readonly options: TestMeshOptions = {}) {
    this.loop = new TestLoop({ seed: options.seed, looksAgain: options.looksAgain ?? true })
    const count = options.participants ?? 2
    for (let self = 0; self < count; self++) this.sessions.push(this.createSession(self))
    for (let a = 0; a < count; a++) for (let b = a + 1; b < count; b++) this.connect(a, b)
    if (options.selfLinks) for (const self of this.sessions.keys()) this.connectSelf(self)
  }

  /** Steps until all are asleep. */
  settle(): Promise<void> {
    return this.loop.settle()
  }

  /** Asks on `at` for a stream of a plan. */
  request(at: number, id: PhysicalStreamId, delivery: 'calls' | 'flows' = 'calls'): Inbound {
    return this.sessions[at].request(id, { delivery })
  }

  link(a: number, b: number): Link {
    return this.links.get(`${Math.min(a, b)}-${Math.max(a, b)}`)!
  }

  kill(who: number): void {
    this.dead.add(who)
    this.loop.kill(who)
    for (const other of this.sessions.keys()) if (other !== who) this.link(who, other).kill(who < other ? 'a' : 'b')
  }

  /** Ends all sessions that live, and looks for leaks. */
  async end(): Promise<void> {
    const living = this.sessions.filter((_, index) => !this.dead.has(index))
    let ended = 0
    for (const session of living) session.end().then(() => ended++)
    await this.settle()
    assert.equal(ended, living.length, 'a session does not end')
    this.assertNoLeaks()
  }

  /** The leak oracle: nothing held, rings empty, credit returned, nobody waiting. */
  assertNoLeaks(): void {
    for (const [index, session] of this.sessions.entries())
      if (!this.dead.has(index)) assert.deepEqual(leaks(session), {}, `participant ${index}`)
    for (const [name, link] of this.links) {
      if (!name.split('-').some((each) => this.dead.has(Number(each)))) assert.ok(link.isDrained(), `link ${name} is not drained`)
    }
    for (const [index, count] of this.waiting.entries()) if (!this.dead.has(index)) assert.equal(count, 0, `consumers of ${index} wait`)
  }

  private createSession(self: number): Session {
    const { options } = this
    this.waiting.push(0)
    return this.loop.add(
      (schedule) =>
        new Session({
          self: P(self),
          kind: options.kind ?? 'query',
          elasticBytes: options.elasticBytes,
          schedule,
          waiting: (change) => {
            this.waiting[self] += change
          },
          called: (peer, id, call) => options.called?.(this.sessions[self], peer, id, call),
          sourceFailed: (error) => this.sourceErrors.push(error),
        }),
    )
  }

  private connect(a: number, b: number): void {
    const { factory = memoryLink, ringBytes, wrapEnd = (end) => end } = this.options
    const link = factory({ ...(ringBytes && { ringBytes }), wakeA: () => this.loop.wake(a), wakeB: () => this.loop.wake(b) })
    this.links.set(`${a}-${b}`, link)
    this.loop.carriedBy(link)
    this.sessions[a].addPeer(P(b), wrapEnd(link.a))
    this.sessions[b].addPeer(P(a), wrapEnd(link.b))
  }

  private connectSelf(self: number): void {
    const { ringBytes } = this.options
    this.sessions[self].addPeer(P(self), selfLink({ ...(ringBytes && { ringBytes }), wake: () => this.loop.wake(self) }))
  }
}

/** What a session still holds, without what is zero. */
export function leaks(session: Session): Record<string, number> {
  const held = { ...session.census(), openStreams: session.budget.streams }
  return Object.fromEntries(Object.entries(held).filter(([, count]) => count !== 0))
}

/** How a stream ended, as its consumer saw it. */
export interface Outcome {
  readonly messages: Uint8Array[]
  end: 'pending' | 'ended' | { readonly error: unknown }
}

/** Reads a stream to its end. */
export function consume(stream: Inbound, max = Number.POSITIVE_INFINITY): Outcome {
  const outcome: Outcome = { messages: [], end: 'pending' }
  const read = async (): Promise<void> => {
    while (outcome.messages.length < max) {
      const next = await stream.next()
      if (next === undefined) {
        outcome.end = 'ended'
        return
      }
      outcome.messages.push(next)
    }
    stream.cancel()
    outcome.end = 'ended'
  }
  read().catch((error) => {
    outcome.end = { error }
  })
  return outcome
}

/** The error an outcome ended with. */
export function errorOf(outcome: Outcome): Error & { code?: unknown } {
  assert.ok(typeof outcome.end === 'object', `the stream is ${String(outcome.end)}`)
  return outcome.end.error as Error & { code?: unknown }
}
