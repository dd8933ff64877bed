import { MessageChannel, type MessagePort, type ResourceLimits, Worker, type WorkerOptions } from 'node:worker_threads'
import type { LinkSegment } from './link-layout.js'
import type { MemberCard } from './member.js'
import type { WorkerHost } from './pool-worker.js'
import type { BirthData, SetupMessage, SetupReply } from './setup.js'

/** Makes a worker thread of a module that a bundler knows; the options are to be passed on as they are. */
export type WorkerFactory = (options: WorkerOptions) => Worker

export interface ThreadBirth {
  /** The module that the thread runs, or what makes it: the floors above hand it in. */
  readonly bootstrap: URL | WorkerFactory
  readonly boot: unknown
  readonly card: MemberCard
  readonly leader: MemberCard
  readonly link: LinkSegment
  readonly elasticBytes: number | undefined
  readonly thread: ThreadOptions | undefined
}

/** What its user says of each thread; as in `node:worker_threads`, whose defaults hold. */
export interface ThreadOptions {
  /** The threads are called by it and their number; `millrace` by default. */
  readonly name?: string | undefined
  readonly env?: NodeJS.ProcessEnv | undefined
  readonly execArgv?: readonly string[] | undefined
  readonly resourceLimits?: ResourceLimits | undefined
}

export interface ThreadEvents {
  replied(reply: SetupReply): void
  exited(code: number, cause: unknown): void
}

/** Neither Bun nor Deno knows how busy a thread was. */
const HAS_PERFORMANCE = process.versions.bun === undefined && process.versions.deno === undefined

/** Starts a worker in a thread. Returns its host and the leader's end of the bell between them. */
export function startThread(birth: ThreadBirth, events: ThreadEvents): { host: WorkerHost; bell: MessagePort } {
  const { port1, port2 } = new MessageChannel()
  const { bootstrap, boot, card, leader, link, elasticBytes, thread: { name = 'millrace', ...options } = {} } = birth
  const workerData: BirthData = { millrace: 'worker', card, leader, bell: port2, link, elasticBytes, boot }
  const given = { workerData, transferList: [port2], name: `${name}-${card.id}`, ...definedOnly(options) }
  const thread = typeof bootstrap === 'function' ? bootstrap(given) : new Worker(bootstrap, given)
  let cause: unknown
  thread.on('error', (error) => {
    cause = error
  })
  thread.on('message', (reply: SetupReply) => events.replied(reply))
  thread.on('exit', (code) => events.exited(code, cause))
  // A pool holds the process open only while something is waited for.
  thread.unref()
  const host: WorkerHost = {
    post: (message: SetupMessage) =>
      thread.postMessage(message, message.kind === 'meet' && message.through.kind === 'port' ? [message.through.bell] : []),
    utilization: () => (HAS_PERFORMANCE ? thread.performance.eventLoopUtilization().utilization : undefined),
    terminate: async () => {
      await thread.terminate()
    },
  }
  return { host, bell: port1 }
}

/** What is not given is not there: an option that is undefined is not always the default. */
function definedOnly({ env, execArgv, resourceLimits }: Omit<ThreadOptions, 'name'>): WorkerOptions {
  return {
    ...(env !== undefined && { env }),
    ...(execArgv !== undefined && { execArgv: [...execArgv] }),
    ...(resourceLimits !== undefined && { resourceLimits }),
  }
}
