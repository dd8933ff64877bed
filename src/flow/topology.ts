import { LEADER, logicalId, type ParticipantId, type PhysicalStreamId, participantId, physicalId } from '../base/ids.js'
import type { Plan, StagePlan } from './plan.js'

const SPLITS_BASE = 0x4000
/** Where a stage runs that runs once. */
const SINGLE = participantId(1)

/** Who runs what and sends to whom, for a plan on `workers` workers: participants 1 to `workers`; the leader is 0. */
export class Topology {
  constructor(
    readonly plan: Plan,
    readonly workers: number,
  ) {}

  /** Participants that run a stage. */
  members(stage: StagePlan): ParticipantId[] {
    return stage.on === 'one' ? [SINGLE] : Array.from({ length: this.workers }, (_none, index) => participantId(index + 1))
  }

  runsOn(stage: StagePlan, participant: ParticipantId): boolean {
    return participant !== LEADER && (stage.on === 'all' || participant === SINGLE)
  }

  /** Participants that a stage sends to. */
  receivers(stage: StagePlan): ParticipantId[] {
    const { output } = stage
    if (output.exchange === 'fork') return []
    return output.to === 'leader' ? [LEADER] : this.members(this.plan.stages[output.to])
  }

  /** Whether a stage's rows become a table of a statement as they are: it has columns even where it has no rows. */
  isTable({ id, output }: StagePlan): boolean {
    if (output.exchange === 'fork' || output.exchange === 'merge' || output.to === 'leader') return false
    return this.isTableOf(this.plan.stages[output.to], id)
  }

  /** Whether what a stage receives from another becomes a table of it, or of one that flows part to right there. */
  private isTableOf({ operators, output }: StagePlan, sender: number): boolean {
    const [first, ...others] = operators
    if (first === undefined) return output.exchange === 'fork' && output.to.some((to) => this.isTableOf(this.plan.stages[to], sender))
    return first.op === 'sql' || others.some((other) => other.op === 'sql' && other.tables.some(({ stage }) => stage === sender))
  }

  /** The stage's output, as one of its members sends it. */
  outputId(stage: number, sender: ParticipantId): PhysicalStreamId {
    return physicalId(logicalId(stage), sender)
  }

  /** What a stage reads that reads no exchange: splits of files, or given rows; the leader sends them. */
  splitsId(stage: number): PhysicalStreamId {
    return physicalId(logicalId(SPLITS_BASE + stage), LEADER)
  }

  /** Every (sender, receiver) of the plan. */
  get pairs(): [ParticipantId, ParticipantId][] {
    return this.plan.stages.flatMap((stage) => {
      const members = this.members(stage)
      const outputs = members.flatMap((sender) =>
        this.receivers(stage).map((receiver): [ParticipantId, ParticipantId] => [sender, receiver]),
      )
      const readsLeader = stage.input.kind !== 'exchange' && stage.input.kind !== 'fork'
      const splits = readsLeader ? members.map((member): [ParticipantId, ParticipantId] => [LEADER, member]) : []
      return [...outputs, ...splits]
    })
  }
}
