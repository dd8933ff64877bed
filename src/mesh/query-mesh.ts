import { assert } from '../base/assert.js'
import type { PeerLostError } from '../base/errors.js'
import { LEADER, type ParticipantId, participantId } from '../base/ids.js'
import { LIMITS } from '../base/limits.js'
import type { Session, SessionOptions } from '../stream/session.js'
import type { Medium } from './medium.js'
import type { Member } from './member.js'
import type { LinkSpec, SetupMessage } from './setup.js'

/** Who takes part in a query's mesh, and who sends to whom. */
export interface MeshRequest {
  /** The pool's ids of the workers; in the mesh they are participants 1, 2, ... in this order. */
  readonly workers: readonly ParticipantId[]
  /** (sender, receiver) of the plan, as participants of the mesh. Every worker is linked to the leader in any case. */
  readonly pairs: readonly (readonly [ParticipantId, ParticipantId])[]
  readonly ringBytes?: number | undefined
  /** Opaque here. */
  readonly plan: unknown
}

export interface QueryMeshOptions {
  readonly member: Member
  readonly ringBytes: number
  readonly medium: Medium
  readonly session: Omit<SessionOptions, 'self' | 'kind' | 'schedule'>
  readonly post: (worker: ParticipantId, message: SetupMessage) => void
}

/** The links of one query, made for it and dropped at its end. */
export class QueryMesh {
  readonly session: Session

  constructor(
    readonly id: number,
    private readonly request: MeshRequest,
    private readonly options: QueryMeshOptions,
  ) {
    this.session = options.member.createSession({ ...options.session, self: LEADER, kind: 'query' })
    const specs = this.createLinks()
    for (const spec of specs.get(LEADER) ?? []) this.session.addPeer(spec.peer, this.leaderEnd(spec))
    request.workers.forEach((worker, index) => {
      const self = participantId(index + 1)
      options.post(worker, { kind: 'mesh', mesh: id, self, links: specs.get(self) ?? [], plan: request.plan })
    })
  }

  /** The pool's ids of its workers, in the order of their participants. */
  get workers(): readonly ParticipantId[] {
    return this.request.workers
  }

  /** A worker of the pool died. */
  lose(worker: ParticipantId, error: PeerLostError): void {
    const index = this.request.workers.indexOf(worker)
    if (index >= 0) this.session.losePeer(participantId(index + 1), error)
  }

  private leaderEnd(spec: LinkSpec): ReturnType<Member['attach']> {
    if (spec.kind === 'far') return this.options.member.attach(spec.member, spec.link, LEADER)
    assert(spec.kind === 'local', 'the leader sends nothing to itself')
    return spec.end
  }

  /** The specs of every link, by the participant who gets them. */
  private createLinks(): Map<ParticipantId, LinkSpec[]> {
    const { workers, pairs } = this.request
    const directed = new Set(pairs.map(([sender, receiver]) => `${sender}>${receiver}`))
    const specs = new Map<ParticipantId, LinkSpec[]>()
    const give = (to: ParticipantId, spec: LinkSpec) => specs.set(to, [...(specs.get(to) ?? []), spec])
    const ids = [LEADER, ...workers.map((_worker, index) => participantId(index + 1))]
    for (const first of ids) {
      for (const second of ids) {
        const used = directed.has(`${first}>${second}`) || directed.has(`${second}>${first}`)
        if (first > second || (first !== LEADER && !used)) continue
        if (first === second) {
          if (used) give(first, { kind: 'self', peer: first, ringBytes: this.ringBytes(true) })
          continue
        }
        const [forFirst, forSecond] = this.createLink(first, second, directed)
        give(first, forFirst)
        give(second, forSecond)
      }
    }
    return specs
  }

  private createLink(first: ParticipantId, second: ParticipantId, directed: ReadonlySet<string>): [LinkSpec, LinkSpec] {
    const end = (participant: ParticipantId) => ({ participant, member: memberOf(this.request, participant) })
    return this.options.medium.link(end(first), end(second), {
      firstRingBytes: this.ringBytes(directed.has(`${first}>${second}`)),
      secondRingBytes: this.ringBytes(directed.has(`${second}>${first}`)),
    })
  }

  /** A direction that the plan does not use carries its GOODBYE only. */
  private ringBytes(used: boolean): number {
    return used ? (this.request.ringBytes ?? this.options.ringBytes) : LIMITS.ringBytesMin
  }
}

/** The pool's id of a participant of the mesh. */
export function memberOf(request: MeshRequest, participant: ParticipantId): ParticipantId {
  return participant === LEADER ? LEADER : request.workers[participant - 1]
}
