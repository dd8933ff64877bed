import { LEADER, type ParticipantId } from '../base/ids.js'
import type { Medium } from './medium.js'
import type { PoolWorker } from './pool-worker.js'

/** Makes what two workers of a pool need between them, once for each two: the means to wake each other, and a link of the mesh of calls. */
export class Introductions {
  private readonly made = new Set<string>()

  constructor(
    private readonly workers: ReadonlyMap<ParticipantId, PoolWorker>,
    private readonly medium: Medium,
    private readonly ringBytes: number,
  ) {}

  /** Two members can wake each other from now on. The leader has met everybody. */
  introduce(a: ParticipantId, b: ParticipantId): void {
    const [first, second] = [this.workers.get(a), this.workers.get(b)]
    if (a === b || a === LEADER || b === LEADER || first === undefined || second === undefined || this.isMade('bells', a, b)) return
    this.medium.introduce(first, second)
  }

  /** A link between two workers in the mesh of calls, on first use by either. */
  link(worker: PoolWorker, other: PoolWorker): void {
    if (this.isMade('calls', worker.id, other.id)) return
    this.introduce(worker.id, other.id)
    const [first, second] = worker.id < other.id ? [worker, other] : [other, worker]
    const [forFirst, forSecond] = this.medium.link(
      { participant: first.id, member: first.id },
      { participant: second.id, member: second.id },
      { firstRingBytes: this.ringBytes, secondRingBytes: this.ringBytes },
    )
    first.host.post({ kind: 'link', spec: forFirst })
    second.host.post({ kind: 'link', spec: forSecond })
  }

  /** Ids are never reused within a pool. */
  private isMade(what: string, a: ParticipantId, b: ParticipantId): boolean {
    const key = `${what} ${Math.min(a, b)}-${Math.max(a, b)}`
    if (this.made.has(key)) return true
    this.made.add(key)
    return false
  }
}
