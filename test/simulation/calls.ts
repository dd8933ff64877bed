import assert from 'node:assert/strict'
import { macrotask } from '../../src/base/macrotask.js'
import { CallServer } from '../../src/call/call-server.js'
import { type Callees, Client } from '../../src/call/client.js'
import { stream } from '../../src/call/handlers.js'
import { encodeInput } from '../../src/call/input.js'
import { dropInput } from '../../src/call/input-source.js'
import { RemoteStream } from '../../src/call/remote-stream.js'
import { Session } from '../../src/stream/session.js'
import { message, P } from '../support/test-source.js'
import { codeOf, Injected } from './injected.js'
import { link } from './links.js'
import type { Call, Scenario } from './scenario.js'
import type { World } from './world.js'

interface Input {
  readonly number: number
  readonly padding: Uint8Array
  readonly values?: AsyncIterable<Uint8Array>
}

/** What became of one call. */
interface Made {
  readonly call: Call
  readonly number: number
  readonly values: Uint8Array[]
  state: 'begun' | 'ended' | 'left' | { readonly error: unknown }
}

/** Calls between all participants over a session of their own, served by the real server and made by the real client. */
export class Calls {
  readonly sessions: Session[]
  private readonly causes = new Map<number, string[]>()
  private readonly made: Made[] = []
  private readonly clients: Client[]
  /** Producers of values that run. */
  private producing = 0

  constructor(
    private readonly world: World,
    private readonly scenario: Scenario,
  ) {
    this.sessions = scenario.calls.length === 0 ? [] : world.seats.map((seat) => this.createSession(seat.who))
    this.clients = this.sessions.map((session) => new Client(calleesOf(session)))
    for (const { from, to } of scenario.calls) haveCalled(this.clients[from], to, scenario.generation)
    for (const [a, b] of this.pairs()) {
      const [first, second] = link(world, a, b, scenario)
      this.sessions[a].addPeer(P(b), first)
      this.sessions[b].addPeer(P(a), second)
    }
    scenario.calls.forEach((call, number) => {
      if (!this.followsOther(number)) world.at(call.from, call.step, true, () => void this.make(call, number))
    })
  }

  /** Calls from and to this participant may fail with this from now on. */
  mayFailWith(who: number, code: string): void {
    this.causes.set(who, [...(this.causes.get(who) ?? []), code])
  }

  judge(): void {
    if (!this.world.seats.some(({ isDead }) => isDead)) assert.equal(this.producing, 0, 'producers that nobody told to end')
    for (const made of this.made) if (!this.world.seats[made.call.from].isDead) this.judgeCall(made)
  }

  private judgeCall({ call, number, values, state }: Made): void {
    const name = `call ${number}`
    assert.notEqual(state, 'begun', `${name} waits for ever`)
    const expected = call.values.map((length, index) => message(length, number + index))
    assert.deepEqual(values, expected.slice(0, values.length), `${name} got other values`)
    if (state === 'ended') assert.ok(values.length === expected.length && !call.fails, `${name} ended after ${values.length} values`)
    if (typeof state !== 'object') return
    const code = codeOf(state.error)
    if (code === 'Cancelled') assert.ok(call.cancelStep >= 0, `${name} was cancelled`)
    else if (code === `Injected ${number}`)
      assert.ok(call.fails && values.length === expected.length, `${name} failed after ${values.length}`)
    else
      assert.ok(
        [call.from, call.to].some((who) => this.causes.get(who)?.includes(code)),
        `${name} failed with ${code}`,
      )
  }

  private createSession(who: number): Session {
    const seat = this.world.seats[who]
    const session = new Session({
      self: P(who),
      kind: 'call',
      elasticBytes: this.scenario.elasticBytes,
      schedule: () => seat.schedule(),
      peerFailed: (_peer, error) => this.world.failed(who, error),
      called: (peer, id, call) => server.called(peer, id, call),
    })
    const server = new CallServer(session, { give: stream((input: Input) => this.give(input)) })
    seat.sessions.push(session)
    return session
  }

  private pairs(): Set<readonly [number, number]> {
    const pairs = new Map<string, readonly [number, number]>()
    for (const { from, to } of this.scenario.calls) pairs.set(`${Math.min(from, to)}-${Math.max(from, to)}`, [from, to])
    return new Set(pairs.values())
  }

  private async *give({ number, padding, values }: Input): AsyncGenerator<Uint8Array> {
    const { fails, inputBytes, isDuplex } = this.scenario.calls[number]
    assert.deepEqual(padding, message(inputBytes, number), 'another input arrived')
    assert.equal(values !== undefined, isDuplex, 'a stream that is not where it belongs')
    yield* values ?? this.values(number)
    if (fails) throw new Injected(number)
  }

  private async *values(number: number): AsyncGenerator<Uint8Array> {
    const { values, pauses, ahead, isDuplex } = this.scenario.calls[number]
    this.producing++
    try {
      for (const [index, length] of values.entries()) {
        if (pauses) await macrotask()
        const got = this.made.find((made) => made.number === number)?.values.length ?? 0
        assert.ok(ahead === 0 || isDuplex || index < got + 2 * ahead, `value ${index} of call ${number} is made when ${got} have arrived`)
        yield message(length, number + index)
      }
    } finally {
      this.producing--
    }
  }

  private async make(call: Call, number: number): Promise<void> {
    if (this.world.seats[call.from].isDead) return
    const made: Made = { call, number, values: [], state: 'begun' }
    this.made.push(made)
    try {
      made.state = (await this.read(made)) ? 'ended' : 'left'
    } catch (error) {
      made.state = { error }
    }
    this.world.note(call.from, `call ${number}: ${typeof made.state === 'object' ? codeOf(made.state.error) : made.state}`)
    if (this.followsOther(number + 1)) await this.make(this.scenario.calls[number + 1], number + 1)
  }

  private followsOther(number: number): boolean {
    const { calls } = this.scenario
    return calls[number]?.follows === true && calls[number - 1]?.from === calls[number].from
  }

  private async read({ call, number, values }: Made): Promise<boolean> {
    const input: Input = { number, padding: message(call.inputBytes, number), ...(call.isDuplex && { values: this.values(number) }) }
    const open = async () => this.clients[call.from].call(P(call.to), 0, encodeInput(input), { valuesAhead: call.ahead })
    const remote = new RemoteStream<Uint8Array>(open, undefined, { dropped: () => dropInput(input) })
    if (call.cancelStep >= 0) this.world.at(call.from, call.cancelStep, false, () => remote.cancel())
    for (;;) {
      if (values.length === call.leaves) break
      for (let turn = 0; turn < call.slow; turn++) await macrotask()
      const next = await remote.next()
      if (next.done === true) return true
      values.push(next.value)
    }
    await remote.return()
    return false
  }
}

/** As much of a pool as a client asks for a call to one participant. */
function calleesOf(session: Session): Callees {
  return {
    session,
    get isClosed() {
      return !session.isOpen
    },
  } as unknown as Callees
}

/** The first ids of a client have been used so often. */
function haveCalled(client: Client, to: number, generation: number): void {
  interface Ids {
    free: number[]
    generations: number[]
  }
  const { results, inputs } = (client as unknown as { callee(to: number): { results: Ids; inputs: Ids } }).callee(to)
  for (const ids of [results, inputs]) Object.assign(ids, { free: [1, 0], generations: [generation, generation] })
}
