import { MessageChannel } from 'node:worker_threads'
import { LEADER, type ParticipantId } from '../base/ids.js'
import { createLinkSegment } from './link-layout.js'
import type { PoolWorker } from './pool-worker.js'

/** Makes what two workers of a pool need between them, once for each two: bells, and a link of the mesh of calls. */
export class Introductions {
  private readonly made = new Set<string>()

  constructor(
    private readonly workers: ReadonlyMap<ParticipantId, PoolWorker>,
    private readonly ring: { readonly bytes: number; readonly position: number | undefined },
  ) {}

  /** Two members can wake each other from now on. The leader has met everybody, a worker in this thread needs no bell. */
  introduce(a: ParticipantId, b: ParticipantId): void {
    if (a === b || a === LEADER || b === LEADER || this.isMade('bells', a, b)) return
    const { port1, port2 } = new MessageChannel()
    this.meetThrough(a, b, port1)
    this.meetThrough(b, a, port2)
  }

  /** A link between two workers in the mesh of calls, on first use by either. */
  link(worker: PoolWorker, other: PoolWorker): void {
    if (this.isMade('calls', worker.id, other.id)) return
    this.introduce(worker.id, other.id)
    const [first, second] = worker.id < other.id ? [worker.id, other.id] : [other.id, worker.id]
    const { bytes, position } = this.ring
    const link = createLinkSegment({ first, second, firstRingBytes: bytes, secondRingBytes: bytes }, position)
    worker.host.post({ kind: 'link', spec: { kind: 'shared', peer: other.id, member: other.id, link } })
    other.host.post({ kind: 'link', spec: { kind: 'shared', peer: worker.id, member: worker.id, link } })
  }

  private meetThrough(worker: ParticipantId, other: ParticipantId, bell: MessageChannel['port1']): void {
    const words = this.workers.get(other)?.words
    if (words !== undefined) this.workers.get(worker)?.host.post({ kind: 'meet', card: { id: other, words: words.segment }, bell })
  }

  /** Ids are never reused within a pool. */
  private isMade(what: string, a: ParticipantId, b: ParticipantId): boolean {
    const key = `${what} ${Math.min(a, b)}-${Math.max(a, b)}`
    if (this.made.has(key)) return true
    this.made.add(key)
    return false
  }
}
