import assert from 'node:assert/strict'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { Slice } from '../../src/base/slice.js'
import type { Row } from '../../src/columnar/schema.js'
import { ExchangeInput } from '../../src/exchange/exchange-input.js'
import { Gather } from '../../src/exchange/gather.js'
import { OrderedMerge } from '../../src/exchange/ordered-merge.js'
import { gatherRouter, hashRouter } from '../../src/exchange/router.js'
import { Spill } from '../../src/exchange/spill.js'
import { END, PAUSE } from '../../src/flow/operators/cursor.js'
import { GatherInput, MergeInput, type RowInput, StageInputs } from '../../src/flow/row-input.js'
import { StageRun } from '../../src/flow/stage-run.js'
import { RANK, rankOf } from '../../src/stream/error-payload.js'
import { Session } from '../../src/stream/session.js'
import { FakeFolder } from '../support/fake-folder.js'
import { P, streamId } from '../support/test-source.js'
import { type Injection, LeafInput, OpCursor, type Progress, SemiInput } from './cursors.js'
import { codeOf, Injected } from './injected.js'
import { link } from './links.js'
import { byNumber, placeOf, serialRows } from './rows.js'
import type { Mode, Scenario } from './scenario.js'
import type { World } from './world.js'

const LEADER = 0
const SLICE_MS = 1

/** One query over a world: sessions, stages, the leader that reads the result, and what it may have come to. */
export class Query {
  readonly sessions: Session[]
  private readonly spills: readonly Spill[]
  /** Codes of what the scenario really did: with one of these it may fail. */
  private readonly causes = new Set<string>()
  private readonly rows: Row[] = []
  /** What stages threw, or passed on, while somebody wanted their rows. */
  private readonly sourceErrors: unknown[] = []
  private state: 'begun' | 'ended' | 'left' | { readonly error: unknown } = 'begun'
  private result: RowInput | undefined
  /** How many rows of each member of a live leaf have arrived, and who waits for more. */
  private readonly arrived: number[] = new Array(8).fill(0)
  private readonly moved: (() => void)[] = []
  private hasLeft = false

  constructor(
    private readonly world: World,
    private readonly scenario: Scenario,
  ) {
    this.sessions = world.seats.map((seat) => this.createSession(seat.who))
    for (const [a, b] of this.pairs()) {
      const [first, second] = link(world, a, b, scenario)
      this.sessions[a].addPeer(P(b), first)
      if (a !== b) this.sessions[b].addPeer(P(a), second)
    }
    this.spills = world.seats.map(() => new Spill(folderOf(scenario), Number.MAX_SAFE_INTEGER))
    if (scenario.disk === 'none') this.causes.add('QueueBudget')
    if (typeof scenario.disk === 'number') this.causes.add('SpillFailed')
    scenario.planAt.forEach((step, who) => {
      world.at(who, step, true, () => this.plan(who))
    })
  }

  /** It may fail with this from now on. */
  mayFailWith(code: string): void {
    this.causes.add(code)
  }

  /** Spill files that a participant still holds. */
  openFiles(who: number): number {
    return this.spills[who].openFiles
  }

  leave(): void {
    if (this.result === undefined) return
    this.hasLeft = true
    this.result.close()
  }

  /** Looks at what the leader got; throws where it is not what it should have got. */
  judge(): void {
    for (const error of this.sourceErrors)
      assert.ok(rankOf(error) === RANK.consequence || this.causes.has(codeOf(error)), `a stage failed with ${codeOf(error)}`)
    if (this.world.seats[LEADER].isDead) return
    assert.notEqual(this.state, 'begun', 'the leader waits for ever')
    const expected = serialRows(this.scenario)
    const isWhole = this.state === 'ended' && !this.hasLeft
    if (typeof this.state === 'object') assert.ok(this.causes.has(codeOf(this.state.error)), `it failed with ${codeOf(this.state.error)}`)
    if (this.scenario.resultMode === 'merge') assert.deepEqual(this.rows, isWhole ? expected : expected.slice(0, this.rows.length))
    else if (isWhole) assert.deepEqual(this.rows.toSorted(byNumber), expected)
    else assertPart(this.rows, expected)
  }

  private createSession(who: number): Session {
    const seat = this.world.seats[who]
    const session = new Session({
      self: P(who),
      kind: 'query',
      elasticBytes: this.scenario.elasticBytes,
      schedule: () => seat.schedule(),
      sourceFailed: (error) => this.sourceErrors.push(error),
      peerFailed: (_peer, error) => this.world.failed(who, error),
      peerEnding: (peer) => {
        if (peer === LEADER) void session.end()
      },
    })
    seat.sessions.push(session)
    return session
  }

  /** Who is linked to whom: senders to their receivers, and the leader to all. */
  private pairs(): (readonly [number, number])[] {
    const { stages, participants } = this.scenario
    const pairs = new Map<number, readonly [number, number]>()
    const add = (a: number, b: number): void => {
      const pair = [Math.min(a, b), Math.max(a, b)] as const
      pairs.set(pair[0] * participants + pair[1], pair)
    }
    for (let worker = 1; worker < participants; worker++) add(LEADER, worker)
    for (const { inputs, members } of stages)
      for (const { stage } of inputs) for (const sender of stages[stage].members) for (const member of members) add(sender, member)
    return [...pairs.values()]
  }

  private receivers(stage: number): readonly number[] {
    const reader = this.scenario.stages.find(({ inputs }) => inputs.some((input) => input.stage === stage))
    return reader?.members ?? [LEADER]
  }

  private plan(who: number): void {
    const session = this.sessions[who]
    if (this.world.seats[who].isDead || !session.isOpen) {
      if (who === LEADER) this.state = 'left'
      return
    }
    try {
      const fails = this.scenario.faults.some((fault) => fault.do === 'planFails' && fault.who === who)
      if (fails) {
        this.causes.add('Injected -1')
        throw new Injected(-1)
      }
      this.scenario.stages.forEach(({ members }, stage) => {
        if (members.includes(who)) session.register(this.stageRun(who, stage))
      })
      session.seal()
    } catch (error) {
      session.seal(error)
    }
    if (who === LEADER) void this.lead()
  }

  private stageRun(who: number, index: number): StageRun {
    const { members, inputs, op, rows, isBroadcast } = this.scenario.stages[index]
    const slice = new Slice({ now: this.world.now }, SLICE_MS)
    const place = members.indexOf(who)
    const read = inputs.map(({ stage, mode }) => this.input(who, stage, mode))
    const input =
      read.length === 0
        ? new LeafInput(rows[place], index, place, this.progressOf(who, place))
        : read.length === 1
          ? read[0]
          : new SemiInput(read[0], read[1])
    const receivers = this.receivers(index)
    return new StageRun({
      id: outputId(index, who),
      receivers: receivers.map(P),
      name: `stage ${index}`,
      inputs: new StageInputs(input),
      pipeline: new OpCursor(input, op, this.injection(who, index)),
      slice,
      route: isBroadcast ? 'broadcast' : receivers.length === 1 ? gatherRouter : hashRouter(['k'], receivers.length),
      spill: this.scenario.disk === 'none' ? undefined : this.spills[who],
      queueBytes: this.scenario.queueBytes,
      controller: new AbortController(),
      progressed: () => {},
      finished: () => {},
    })
  }

  private progressOf(who: number, place: number): Progress | undefined {
    if (!this.scenario.isLive) return undefined
    const { arrived, world, moved } = this
    return {
      get arrived() {
        return arrived[place]
      },
      moved: () => new Promise((resolve) => moved.push(() => world.at(who, world.steps, true, resolve))),
    }
  }

  private injection(who: number, stage: number): Injection {
    const throwing = this.scenario.faults.map((fault, number) => ({ fault, number }))
    return (row) => {
      for (const { fault, number } of throwing) {
        if (fault.do !== 'throw' || fault.stage !== stage || fault.who !== who || row < fault.row) continue
        this.causes.add(`Injected ${number}`)
        this.world.note(who, `stage ${stage} throws ${number}`)
        throw new Injected(number)
      }
    }
  }

  private input(who: number, stage: number, mode: Mode): RowInput {
    const session = this.sessions[who]
    const senders = this.scenario.stages[stage].members
    const inbounds = senders.map((sender) => session.request(outputId(stage, sender), { delivery: 'flows' }))
    const input = new ExchangeInput(`the rows of stage ${stage}`, inbounds)
    return mode === 'merge' ? new MergeInput(new OrderedMerge(input, byNumber)) : new GatherInput(new Gather(input))
  }

  private async lead(): Promise<void> {
    const { stages, resultMode } = this.scenario
    try {
      const result = this.input(LEADER, stages.length - 1, resultMode)
      this.result = result
      this.state = (await this.read(result)) ? 'ended' : 'left'
    } catch (error) {
      this.state = { error }
    }
    this.result?.close()
    if (this.scenario.endsAtOnce) void this.sessions[LEADER].end()
    this.world.note(LEADER, typeof this.state === 'object' ? `failed with ${codeOf(this.state.error)}` : `the query has ${this.state}`)
  }

  private receive(row: Row): void {
    this.rows.push(row)
    if (!this.scenario.isLive) return
    this.arrived[placeOf(row)]++
    for (const tell of this.moved.splice(0)) tell()
  }

  /** Reads to the end; false: up to the limit. */
  private async read(result: RowInput): Promise<boolean> {
    const { limit, slow } = this.scenario
    for (;;) {
      if (this.rows.length === limit) return false
      const row = result.next()
      if (row === END) return true
      if (row === PAUSE) await result.ready()
      else {
        this.receive(row)
        if (slow > 0 && this.rows.length % slow === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    }
  }
}

function outputId(stage: number, sender: number): PhysicalStreamId {
  return streamId(stage + 1, sender)
}

function folderOf({ disk }: Scenario): FakeFolder {
  const folder = new FakeFolder()
  if (typeof disk === 'number') folder.failOn('write', 'ENOSPC', disk)
  return folder
}

/** What a reader that leaves early or fails has got: rows of the result, none twice. */
function assertPart(rows: readonly Row[], expected: readonly Row[]): void {
  const left = new Map(expected.map((row) => [row.v, row]))
  for (const row of rows) {
    assert.deepEqual(row, left.get(row.v), 'a row that is not in the result, or twice')
    left.delete(row.v)
  }
}
