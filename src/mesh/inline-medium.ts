import { unreachable } from '../base/assert.js'
import type { ParticipantId } from '../base/ids.js'
import type { Born, EndOfLink, Medium, RingSizes, WorkerEvents } from './medium.js'
import type { Member } from './member.js'
import { createMemoryLink } from './memory-link.js'
import type { PoolOptions } from './pool-options.js'
import { createPoolWorker } from './pool-worker.js'
import type { LinkSpec, SetupReply } from './setup.js'
import { WorkerSide } from './worker-side.js'

/** One worker in this thread: it shares the leader's loop, and needs no bells. */
export class InlineMedium implements Medium {
  readonly description = { transport: 'inline', why: 'workers is 0' } as const

  constructor(
    private readonly member: Member,
    private readonly options: PoolOptions,
    private readonly events: WorkerEvents<SetupReply>,
  ) {}

  born(id: ParticipantId): Born {
    const { member, options, events } = this
    const [ours, theirs] = createMemoryLink(this.schedule, options.ringBytes)
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
        met: () => unreachable(undefined as never, 'a worker in this thread meets nobody'),
        post: (reply) => queueMicrotask(() => events.replied(worker, reply)),
        leave: () => queueMicrotask(() => events.exited(worker, 0, undefined)),
      })
      options.inline(side)
    }
    return { worker, end: ours, begin }
  }

  introduce(): void {}

  opened(): void {}

  link(first: EndOfLink, second: EndOfLink, sizes: RingSizes): [LinkSpec, LinkSpec] {
    const [a, b] = createMemoryLink(this.schedule, Math.max(sizes.firstRingBytes, sizes.secondRingBytes))
    return [
      { kind: 'local', peer: second.participant, end: a },
      { kind: 'local', peer: first.participant, end: b },
    ]
  }

  parted(): void {}

  close(): void {}

  private readonly schedule = (): void => this.member.loop.schedule()
}
