import { MessageChannel } from 'node:worker_threads'
import { LEADER, type ParticipantId } from '../base/ids.js'
import { createLinkSegment } from './link-layout.js'
import type { Born, EndOfLink, Medium, RingSizes, WorkerEvents } from './medium.js'
import type { Member } from './member.js'
import { MemberWords } from './member-words.js'
import type { PoolOptions } from './pool-options.js'
import { createPoolWorker, type PoolWorker } from './pool-worker.js'
import type { LinkSpec, SetupReply } from './setup.js'
import { metThread } from './thread-acquaintance.js'
import { startThread } from './thread-host.js'

/** Workers in threads of their own: shared memory, and message ports for bells. */
export class ThreadMedium implements Medium {
  readonly description = { transport: 'threads', why: 'workers are threads' } as const
  private readonly words = new Map<ParticipantId, MemberWords>()

  constructor(
    private readonly member: Member,
    private readonly options: PoolOptions,
    private readonly events: WorkerEvents<SetupReply>,
    private readonly ringBytes: number,
  ) {}

  /** It begins by itself, and is heard of when the event loop turns. */
  born(id: ParticipantId): Born {
    const { member, options, events, ringBytes } = this
    const words = new MemberWords()
    const card = { id, words: words.segment as SharedArrayBuffer }
    const { bootstrap, boot, elasticBytes, thread, ringPosition } = options
    const link = createLinkSegment({ first: LEADER, second: id, firstRingBytes: ringBytes, secondRingBytes: ringBytes }, ringPosition)
    const { host, bell } = startThread(
      { bootstrap, boot, card, leader: member.card, link, elasticBytes, thread },
      {
        replied: (reply) => events.replied(worker, reply),
        exited: (code, cause) => {
          words.status.markDead()
          events.exited(worker, code, cause)
        },
      },
    )
    const worker = createPoolWorker(id, host)
    this.words.set(id, words)
    member.meet(id, metThread(card, bell, member.loop.bell))
    return { worker, end: member.attach(id, link, LEADER), begin: () => {} }
  }

  introduce(a: PoolWorker, b: PoolWorker): void {
    const { port1, port2 } = new MessageChannel()
    this.meetThrough(a, b, port1)
    this.meetThrough(b, a, port2)
  }

  link(first: EndOfLink, second: EndOfLink, sizes: RingSizes): [LinkSpec, LinkSpec] {
    const link = createLinkSegment({ first: first.participant, second: second.participant, ...sizes }, this.options.ringPosition)
    return [
      { kind: 'far', peer: second.participant, member: second.member, link },
      { kind: 'far', peer: first.participant, member: first.member, link },
    ]
  }

  opened(): void {}

  parted(id: ParticipantId): void {
    this.words.delete(id)
  }

  close(): void {}

  private meetThrough({ host }: PoolWorker, other: PoolWorker, bell: MessageChannel['port1']): void {
    const words = this.words.get(other.id)
    if (words !== undefined)
      host.post({ kind: 'meet', id: other.id, through: { kind: 'port', words: words.segment as SharedArrayBuffer, bell } })
  }
}
