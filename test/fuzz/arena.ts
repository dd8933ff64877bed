import assert from 'node:assert/strict'
import type { ParticipantId, PhysicalStreamId } from '../../src/base/ids.js'
import { CallServer } from '../../src/call/call-server.js'
import { encodeInput } from '../../src/call/input.js'
import { RemoteStream } from '../../src/call/remote-stream.js'
import { encodeValue } from '../../src/call/value-writer.js'
import { type CallPayload, encodeCall } from '../../src/frame/call-payload.js'
import { FRAME } from '../../src/frame/kinds.js'
import type { Inbound } from '../../src/stream/inbound.js'
import { Session } from '../../src/stream/session.js'
import { type Link, type Regions, ringLinkWithRegions } from '../support/links.js'
import { RawPeer } from '../support/raw-peer.js'
import { TestLoop } from '../support/test-loop.js'
import { consume, leaks, type Outcome } from '../support/test-mesh.js'
import { gated, message, P, streamId, TestSource } from '../support/test-source.js'
import type { Dice } from './dice.js'
import { assertNamedOrRemote } from './named.js'
import { clientOf } from './one-worker.js'

const RING_BYTES = 4096
const HOSTILE = 0
const HONEST = 2
const WITNESS = streamId(7, HONEST)
const SERVED = streamId(6, 1)
const WITNESS_MESSAGES = [message(100, 1), message(500, 2), message(30, 3)]

/** Asked for in a query, waited for once and never read. */
export const STALLED: PhysicalStreamId = streamId(9, HOSTILE)
/** What it may ask for. */
export const OFFERED: readonly PhysicalStreamId[] = [1, 2, 3].map((logical) => streamId(logical, 1))

/** A session, participant 1, between a peer (0) that writes what it likes and one (2) that keeps the rules and must not suffer. */
export class Arena {
  readonly session: Session
  readonly regions: Regions
  readonly kind: 'query' | 'call'
  /** What was asked of the peer that breaks the rules, by planned streams or by calls. */
  readonly asked: PhysicalStreamId[] = []
  private readonly loop = new TestLoop()
  private readonly link: Link
  private readonly honest: RawPeer
  private readonly witness: Outcome
  private readonly server: CallServer
  private readonly outcomes: Outcome[] = []
  private readonly calls: Promise<void>[] = []
  private readonly served: string[] = []
  /** What came up at places that cannot throw. */
  private readonly problems: unknown[] = []
  private planningFails = false
  private stalled: Inbound | undefined

  constructor(dice: Dice) {
    this.kind = dice.chance(0.5) ? 'query' : 'call'
    const elasticBytes = dice.pick([0, 2000, undefined])
    this.session = this.loop.add(
      (schedule) =>
        new Session({
          self: P(1),
          kind: this.kind,
          elasticBytes,
          schedule,
          called: this.kind === 'call' ? (...called) => this.called(...called) : undefined,
          sourceFailed: (error) => this.judge(error),
          peerFailed: (peer, error) => {
            if (peer !== HOSTILE) this.problems.push(error)
            this.judge(error)
          },
        }),
    )
    this.server = new CallServer(this.session, {
      echo: (input: unknown) => input,
      *repeat(input: unknown) {
        for (let times = 0; times < 20; times++) yield input
      },
    })
    const options = { ringBytes: RING_BYTES, wakeA: () => this.loop.wake(0) }
    const { link, regions } = ringLinkWithRegions(options)
    const other = ringLinkWithRegions(options).link
    this.link = link
    this.regions = regions
    this.honest = new RawPeer(other.b)
    this.session.addPeer(P(HOSTILE), link.a)
    this.session.addPeer(P(HONEST), other.a)
    this.witness = consume(this.session.request(WITNESS, { delivery: 'calls' }))
  }

  /** What is under way with both peers before the first byte that is wrong. */
  async open(dice: Dice): Promise<void> {
    if (this.kind === 'query') this.openQuery(dice)
    else this.openCalls(dice)
    this.startServing()
    await this.settle()
    this.honest.send(FRAME.DATA, WITNESS, WITNESS_MESSAGES[0])
  }

  /** Whether streams can be opened with the hostile peer. */
  get isOpen(): boolean {
    return this.session.isPeerOpen(P(HOSTILE))
  }

  /** Whether the hostile peer was told that the pair has failed. */
  get hasFailed(): boolean {
    return this.link.b.condition() === 'failed'
  }

  async settle(): Promise<void> {
    await this.loop.settle()
  }

  async step(): Promise<void> {
    await this.loop.step()
  }

  /** The bell that the hostile peer rings after it wrote. */
  ring(): void {
    this.loop.wake(0)
  }

  end(): void {
    void this.session.end()
  }

  /** The second peer's stream and source come to their right ends; then both leave, and nothing is held. */
  async finish(): Promise<void> {
    await this.settle()
    const wasOpen = this.session.isPeerOpen(P(HONEST))
    if (wasOpen) await this.finishWitness()
    this.link.kill('b')
    await this.settle()
    assert.equal(this.session.isPeerOpen(P(HOSTILE)), false)
    let ended = false
    void this.session.end().then(() => {
      ended = true
    })
    await this.settle()
    this.honest.frames()
    this.honest.send(FRAME.GOODBYE, streamId(0, 0))
    await this.settle()
    assert.equal(ended, true, 'the session does not end')
    await this.assertOver()
  }

  private async finishWitness(): Promise<void> {
    for (const each of WITNESS_MESSAGES.slice(1)) {
      this.honest.send(FRAME.DATA, WITNESS, each)
      await this.settle()
    }
    const bytes = WITNESS_MESSAGES.reduce((sum, { length }) => sum + length, 0)
    this.honest.sendTotals(WITNESS, WITNESS_MESSAGES.length, bytes)
    await this.readServed()
    assert.deepEqual([this.witness.end, this.witness.messages], ['ended', WITNESS_MESSAGES], 'the stream of the other peer')
    assert.match(this.served.join(), this.planningFails ? /ERROR 6@1/ : /DATA 6@1.*END 6@1/, 'the source for the other peer')
  }

  private async readServed(): Promise<void> {
    for (let more = 1; more > 0; ) {
      await this.settle()
      const lines = this.honest.frames()
      this.served.push(...lines)
      more = lines.length
    }
  }

  private async assertOver(): Promise<void> {
    this.stalled?.cancel()
    await Promise.all(this.calls)
    await this.server.idle()
    assert.deepEqual(leaks(this.session), {}, 'something is left')
    for (const { end } of this.outcomes) {
      assert.notEqual(end, 'pending', 'a consumer waits for ever')
      if (typeof end === 'object') assertNamedOrRemote(end.error)
    }
    for (const problem of this.problems) throw problem
  }

  private called(peer: ParticipantId, id: PhysicalStreamId, call: CallPayload): void {
    if (peer === HOSTILE) this.server.called(peer, id, call)
    else this.session.registry.registerCall(new TestSource(id, gated([message(40)]), { receivers: [HONEST] }), call.generation, call.limit)
  }

  private judge(error: unknown): void {
    try {
      assertNamedOrRemote(error)
    } catch (problem) {
      this.problems.push(problem)
    }
  }

  /** Whatever comes of it, an error is one that may be. */
  private async settled(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.judge(error)
    }
  }

  private ask(count: number): void {
    for (let logical = 0; logical < count; logical++) this.asked.push(streamId(logical, HOSTILE))
  }

  private openQuery(dice: Dice): void {
    const delivery = dice.pick(['calls', 'flows'] as const)
    this.ask(3)
    this.stalled = this.session.request(STALLED, { delivery })
    void this.stalled.ready()
    for (const id of this.asked) this.outcomes.push(consume(this.session.request(id, { delivery }), dice.pick([1, 1000])))
    for (const id of OFFERED.slice(0, 2)) {
      const sizes = Array.from({ length: 5 }, (_, at) => message(1 + dice.int(1500), at))
      this.session.register(new TestSource(id, gated(sizes), { receivers: [HOSTILE, ...(dice.chance(0.2) ? [HONEST] : [])], delivery }))
    }
    this.session.register(new TestSource(SERVED, gated([message(40)]), { receivers: [HONEST], delivery }))
    this.planningFails = dice.chance(0.1)
    if (this.planningFails || dice.chance(0.8)) this.session.seal(this.planningFails ? new Error('planning failed') : undefined)
  }

  private openCalls(dice: Dice): void {
    const client = clientOf(this.session, P(HOSTILE))
    this.ask(1 + dice.int(3))
    for (let count = this.asked.length; count > 0; count--) {
      const input = encodeInput('x'.repeat(dice.pick([3, 900])))
      if (dice.chance(0.5)) this.calls.push(this.settled(client.value(0, input)))
      else this.calls.push(this.settled(readAll(new RemoteStream(() => client.openStream(1, input), undefined))))
    }
  }

  private startServing(): void {
    if (this.kind === 'query') {
      this.honest.start(SERVED)
      return
    }
    const call = { generation: 1, procedure: 1, limit: 100_000, inputId: streamId(0, 0), inputGeneration: 0, input: encodeValue('fair') }
    this.honest.send(FRAME.CALL, SERVED, encodeCall(call))
  }
}

async function readAll(values: AsyncIterable<unknown>): Promise<void> {
  for await (const value of values) void value
}
