import { PeerLostError, SessionEndedError } from '../base/errors.js'
import { LEADER, type ParticipantId, type PhysicalStreamId } from '../base/ids.js'
import type { CallPayload } from '../frame/call-payload.js'
import { ERROR_BYTES_MAX, encodeError, rankOf } from '../stream/error-payload.js'
import type { LinkEnd } from '../stream/link-end.js'
import type { Session, SessionOptions } from '../stream/session.js'
import type { Acquaintance } from './acquaintance.js'
import { holdingsOf } from './holdings.js'
import type { Member } from './member.js'
import { createSelfLink } from './memory-link.js'
import { type Answers, CALLS, type LinkSpec, type Means, type Question, type SetupMessage, type SetupReply } from './setup.js'
import { WorkerLog } from './worker-log.js'

/** A mesh of a query, as a worker is told of it. */
export interface QueryInvitation {
  readonly mesh: number
  readonly self: ParticipantId
  readonly links: readonly LinkSpec[]
  readonly plan: unknown
}

/** What the floors above do in a worker. */
export interface WorkerHandlers {
  called(peer: ParticipantId, id: PhysicalStreamId, call: CallPayload): void
  invited(invitation: QueryInvitation): void
  /** The leader closes the pool; resolves when nothing of ours runs any more. */
  closing(): Promise<void>
}

export interface WorkerSideOptions {
  readonly member: Member
  readonly self: ParticipantId
  readonly leaderEnd: LinkEnd
  readonly elasticBytes: number | undefined
  /** Makes an acquaintance of another worker. */
  readonly met: (through: Means) => Acquaintance
  readonly post: (reply: SetupReply) => void
  /** The worker is done: closes what keeps its thread alive. */
  readonly leave: () => void
}

/** The other end of a pool: what a worker, in a thread of its own or inline, is and does before any call. */
export class WorkerSide {
  readonly member: Member
  readonly session: Session
  private handlers: WorkerHandlers | undefined
  /** By mesh. */
  private readonly queries = new Map<number, Session>()
  private readonly records: WorkerLog
  /** Those who asked for the other workers: they are answered in order. */
  private readonly waitingForOthers: ((ids: readonly ParticipantId[]) => void)[] = []
  private readonly waitingForLink = new Map<ParticipantId, { resolve: () => void; reject: (error: unknown) => void }[]>()

  constructor(private readonly options: WorkerSideOptions) {
    this.member = options.member
    this.records = new WorkerLog(options.post)
    this.session = options.member.createSession({
      self: options.self,
      kind: 'call',
      elasticBytes: options.elasticBytes,
      called: (peer, id, call) => this.handlers?.called(peer, id, call),
      peerEnding: (peer) => {
        if (peer === LEADER) void this.close()
      },
    })
    this.session.addPeer(LEADER, options.leaderEnd)
  }

  /** Begins to serve. */
  ready(handlers: WorkerHandlers, hello: unknown): void {
    this.handlers = handlers
    this.options.post({ kind: 'ready', hello })
  }

  /** Says that it cannot. */
  refuse(error: unknown): void {
    this.options.post({ kind: 'refused', error: encodeError(error, rankOf(error), ERROR_BYTES_MAX) })
  }

  /** Hands a record to the leader, or drops it where too many are on their way. */
  log(record: Uint8Array): void {
    this.records.add(record)
  }

  /** Tells the leader of something that goes on long after it was cancelled. */
  unresponsive(what: string): void {
    this.options.post({ kind: 'unresponsive', what })
  }

  /**
   * Resolves when there is a link to that participant of the mesh of calls; the leader makes it on first use. Rejects with
   * `PeerLostError` where that participant is gone, `SessionEndedError` once the pool is closed.
   */
  async linkTo(peer: ParticipantId): Promise<void> {
    if (!this.session.isOpen) throw closed()
    if (this.session.isPeerOpen(peer)) return
    if (this.session.hasPeer(peer)) throw lost(peer)
    if (peer === this.options.self) {
      this.session.addPeer(
        peer,
        createSelfLink(() => this.member.loop.schedule()),
      )
      return
    }
    await new Promise<void>((resolve, reject) => {
      const waiting = this.waitingForLink.get(peer)
      if (waiting === undefined) {
        this.waitingForLink.set(peer, [{ resolve, reject }])
        this.options.post({ kind: 'want', peer })
      } else waiting.push({ resolve, reject })
    })
  }

  /** The other workers that serve now, as the leader knows them. */
  others(): Promise<readonly ParticipantId[]> {
    this.options.post({ kind: 'who' })
    return new Promise((resolve) => this.waitingForOthers.push(resolve))
  }

  /** This worker's session of a query, linked to the others. */
  join({ mesh, self, links }: QueryInvitation, options: Pick<SessionOptions, 'sourceFailed' | 'peerEnding'>): Session {
    const session = this.member.createSession({ ...options, self, kind: 'query' })
    this.queries.set(mesh, session)
    session.ended.then(() => this.queries.delete(mesh))
    for (const spec of links) session.addPeer(spec.peer, this.linkEnd(spec, self))
    return session
  }

  receive(message: SetupMessage): void {
    switch (message.kind) {
      case 'meet':
        this.member.meet(message.id, this.options.met(message.through))
        return
      case 'link':
        this.session.addPeer(message.spec.peer, this.linkEnd(message.spec, this.options.self))
        this.settleLink(message.spec.peer)
        return
      case 'logged':
        this.records.taken(message.records)
        return
      case 'others':
        this.waitingForOthers.shift()?.(message.ids)
        return
      case 'unreachable':
        this.settleLink(message.peer, message.why === 'lost' ? lost(message.peer) : closed())
        return
      case 'mesh':
        this.handlers?.invited(message)
        return
      case 'ask':
        this.options.post({ kind: 'answer', question: message.question, answer: this.answer(message) })
        return
      default:
        message satisfies never
    }
  }

  private linkEnd(spec: LinkSpec, self: ParticipantId): LinkEnd {
    switch (spec.kind) {
      case 'far':
        return this.member.attach(spec.member, spec.link, self)
      case 'local':
        return spec.end
      case 'self':
        return createSelfLink(() => this.member.loop.schedule(), spec.ringBytes)
    }
  }

  private answer(question: Question): Answers[keyof Answers] {
    if (question.about === 'census') return holdingsOf(this.member, this.session)
    const session = question.mesh === CALLS ? this.session : this.queries.get(question.mesh)
    return session?.waits() ?? 'absent'
  }

  private settleLink(peer: ParticipantId, error?: unknown): void {
    const waiting = this.waitingForLink.get(peer) ?? []
    this.waitingForLink.delete(peer)
    for (const { resolve, reject } of waiting) {
      if (error === undefined) resolve()
      else reject(error)
    }
  }

  private async close(): Promise<void> {
    for (const peer of [...this.waitingForLink.keys()]) this.settleLink(peer, closed())
    await Promise.all([this.session.end(), this.handlers?.closing()])
    this.options.post({ kind: 'done' })
    this.options.leave()
  }
}

function lost(peer: ParticipantId): PeerLostError {
  return new PeerLostError(`participant ${peer} is gone`)
}

function closed(): SessionEndedError {
  return new SessionEndedError('the pool is closed')
}
