import { LEADER } from '../base/ids.js'
import { InlineMedium } from './inline-medium.js'
import type { Medium, WorkerEvents } from './medium.js'
import { Member } from './member.js'
import { MemberWords } from './member-words.js'
import type { PoolOptions } from './pool-options.js'
import { ProcessMedium } from './process-medium.js'
import type { SetupReply } from './setup.js'
import { ThreadMedium } from './thread-medium.js'
import { chooseTransport } from './transport.js'

/** The medium that the options of a pool ask for, and the leader as its first member. Throws `InvalidArgument`, `OutOfMemory`. */
export function createMedium(
  options: PoolOptions,
  events: WorkerEvents<SetupReply>,
  ringBytes: number,
): { readonly member: Member; readonly medium: Medium } {
  const isFar = options.workers > 0 && options.kind === 'process'
  const transport = isFar ? (options.transport ?? chooseTransport()) : undefined
  const member = new Member(LEADER, transport?.kind === 'shm' ? MemberWords.inTable(transport.table.segment, LEADER) : undefined)
  if (transport !== undefined) return { member, medium: new ProcessMedium(member, options, events, ringBytes, transport) }
  if (options.workers === 0) return { member, medium: new InlineMedium(member, options, events) }
  return { member, medium: new ThreadMedium(member, options, events, ringBytes) }
}
