import { LEADER, type ParticipantId } from '../base/ids.js'
import type { LinkEnd } from '../stream/link-end.js'
import type { Session } from '../stream/session.js'
import { createLinkSegment } from './link-layout.js'
import type { Member } from './member.js'
import { MemberWords } from './member-words.js'
import { createMemoryLink } from './memory-link.js'
import type { PoolOptions } from './pool-options.js'
import { createPoolWorker, type PoolWorker } from './pool-worker.js'
import type { SetupReply } from './setup.js'
import { startThread } from './thread-host.js'
import { WorkerSide } from './worker-side.js'

/** What a pool has for a worker that it starts. */
export interface Parent {
  readonly member: Member
  readonly session: Session
  readonly options: PoolOptions
  readonly ringBytes: number
  readonly events: {
    replied(worker: PoolWorker, reply: SetupReply): void
    exited(worker: PoolWorker, code: number, cause: unknown): void
  }
}

/** A worker that was started, and the leader's end of its link. */
export interface Born {
  readonly worker: PoolWorker
  readonly end: LinkEnd
  /** Lets it begin, once its pool knows it. */
  begin(): void
}

/** A worker in a thread of its own. It begins by itself, and is heard of when the event loop turns. */
export function bornInThread(id: ParticipantId, { member, options, ringBytes, events }: Parent): Born {
  const words = new MemberWords()
  const card = { id, words: words.segment }
  const { bootstrap, boot, elasticBytes, thread, ringPosition } = options
  const link = createLinkSegment({ first: LEADER, second: id, firstRingBytes: ringBytes, secondRingBytes: ringBytes }, ringPosition)
  const { host, bell } = startThread(
    { bootstrap, boot, card, leader: member.card, link, elasticBytes, thread },
    {
      replied: (reply) => events.replied(worker, reply),
      exited: (code, cause) => events.exited(worker, code, cause),
    },
  )
  const worker = createPoolWorker(id, host, words)
  member.meet(card, bell)
  return { worker, end: member.attach(link, LEADER, id), begin: () => {} }
}

/** A worker in this thread. */
export function bornInline(id: ParticipantId, { member, options, events }: Parent): Born {
  const [ours, theirs] = createMemoryLink(() => member.loop.schedule(), options.ringBytes)
  let side: WorkerSide | undefined
  const worker = createPoolWorker(id, {
    post: (message) => queueMicrotask(() => side?.receive(message)),
    terminate: async () => events.exited(worker, 0, undefined),
  })
  const begin = (): void => {
    side = new WorkerSide({
      member,
      self: id,
      leaderEnd: theirs,
      elasticBytes: options.elasticBytes,
      post: (reply) => queueMicrotask(() => events.replied(worker, reply)),
      leave: () => queueMicrotask(() => events.exited(worker, 0, undefined)),
    })
    options.inline(side)
  }
  return { worker, end: ours, begin }
}
