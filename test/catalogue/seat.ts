import { type ParticipantId, participantId } from '../../src/base/ids.js'
import { Slice } from '../../src/base/slice.js'
import { comparator } from '../../src/columnar/order.js'
import type { Row } from '../../src/columnar/schema.js'
import { ExchangeInput } from '../../src/exchange/exchange-input.js'
import { Gather } from '../../src/exchange/gather.js'
import { OrderedMerge } from '../../src/exchange/ordered-merge.js'
import type { Route } from '../../src/exchange/router.js'
import { GatherInput, MergeInput, type RowInput, StageInputs } from '../../src/flow/row-input.js'
import { StageRun } from '../../src/flow/stage-run.js'
import type { Inbound } from '../../src/stream/inbound.js'
import type { Session } from '../../src/stream/session.js'
import { streamId } from '../support/test-source.js'

/** What every worker is told. */
export interface Terms {
  readonly scenario: string
  readonly workers: number
  /** Rows that each worker begins with. */
  readonly rows: number
  /** What a stage may queue, in bytes. */
  readonly queueBytes: number
}

/** One worker of a scenario: registers its stages, which are real; what they read and how is scripted. */
export class Seat {
  private readonly idle: (() => Promise<void>)[] = []

  constructor(
    readonly session: Session,
    readonly terms: Terms,
  ) {}

  get self(): number {
    return this.session.self
  }

  get workers(): number {
    return this.terms.workers
  }

  /** Participants 1 to P. */
  get all(): number[] {
    return Array.from({ length: this.workers }, (_, index) => index + 1)
  }

  /** A stage of this worker: `route` gives the index of a row's receiver, or is for all of them. */
  stage(logical: number, input: RowInput, receivers: readonly number[] = [0], route: Route = () => 0): void {
    let now = 0
    // A clock that goes on with every look, so that slices end, and at the same row each time.
    const slice = new Slice({ now: () => (now += 0.1) }, 1)
    const run = new StageRun({
      id: streamId(logical, this.self),
      receivers: receivers.map(participantId),
      name: `stage ${logical}`,
      inputs: new StageInputs(input),
      pipeline: input,
      slice,
      route,
      spill: undefined,
      queueBytes: this.terms.queueBytes,
      controller: new AbortController(),
      progressed: () => {},
      finished: () => {},
    })
    this.idle.push(() => run.idle())
    this.session.register(run)
  }

  /** The rows of a stage's senders, in any order. */
  gather(logical: number, senders: readonly number[] = this.all): RowInput {
    return new GatherInput(new Gather(this.input(logical, senders)))
  }

  /** The rows of a stage's senders, in the order of `id`. */
  merge(logical: number, senders: readonly number[] = this.all): RowInput {
    return new MergeInput(new OrderedMerge(this.input(logical, senders), comparator([{ column: 'id', descending: false }])))
  }

  /** Resolves when no stage runs any more; to be asked once the session has ended. */
  async over(): Promise<void> {
    for (const idle of this.idle) await idle()
  }

  private input(logical: number, senders: readonly number[]): ExchangeInput {
    const name = `the rows of stage ${logical}`
    const ask = (sender: number): Inbound => this.session.request(streamId(logical, sender), { delivery: 'flows', name })
    return new ExchangeInput(name, senders.map(ask))
  }
}

/** Who sends to whom: everybody to everybody, the leader sends nothing. */
export function allPairs(workers: number): [ParticipantId, ParticipantId][] {
  const ids = Array.from({ length: workers }, (_, index) => participantId(index + 1))
  return ids.flatMap((sender) => [participantId(0), ...ids].map((receiver): [ParticipantId, ParticipantId] => [sender, receiver]))
}

export type { Row }
