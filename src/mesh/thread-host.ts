import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { LinkSegment } from './link-layout.js'
import type { MemberCard } from './member.js'
import type { WorkerHost, WorkerLimits } from './pool-worker.js'
import type { BirthData, SetupMessage, SetupReply } from './setup.js'

export interface ThreadBirth {
  /** The module that the thread runs: the floors above hand it in. */
  readonly bootstrap: URL
  readonly boot: unknown
  readonly card: MemberCard
  readonly leader: MemberCard
  readonly link: LinkSegment
  readonly elasticBytes: number | undefined
  readonly name: string
  readonly resourceLimits: WorkerLimits | undefined
}

export interface ThreadEvents {
  replied(reply: SetupReply): void
  exited(code: number, cause: unknown): void
}

/** Starts a worker in a thread. Returns its host and the leader's end of the bell between them. */
export function startThread(birth: ThreadBirth, events: ThreadEvents): { host: WorkerHost; bell: MessagePort } {
  const { port1, port2 } = new MessageChannel()
  const { bootstrap, boot, card, leader, link, elasticBytes, name, resourceLimits } = birth
  const workerData: BirthData = { millrace: 'worker', card, leader, bell: port2, link, elasticBytes, boot }
  const thread = new Worker(bootstrap, {
    workerData,
    transferList: [port2],
    name,
    ...(resourceLimits === undefined ? {} : { resourceLimits }),
  })
  let cause: unknown
  thread.on('error', (error) => {
    cause = error
  })
  thread.on('message', (reply: SetupReply) => events.replied(reply))
  thread.on('exit', (code) => events.exited(code, cause))
  // A pool holds the process open only while something is waited for.
  thread.unref()
  const host: WorkerHost = {
    post: (message: SetupMessage) => thread.postMessage(message, message.kind === 'meet' ? [message.bell] : []),
    terminate: async () => {
      await thread.terminate()
    },
  }
  return { host, bell: port1 }
}
