import type { ParticipantId } from '../base/ids.js'
import type { SegmentAddress } from '../memory/mapped-memory.js'
import type { MappedLink, SocketLink } from './acquaintance.js'
import type { SetupReply } from './setup.js'

/** What a worker process is told first, by the channel over which it was started. */
export interface ProcessBirthData {
  readonly kind: 'birth'
  readonly id: ParticipantId
  /** What the process is called. */
  readonly title: string
  /** Where the sockets of the pool lie. */
  readonly folder: string
  /** With which it shows itself to the leader. */
  readonly token: Uint8Array
  readonly link: SocketLink | MappedLink
  /** The words of all members, where memory is shared. */
  readonly table: SegmentAddress | undefined
  readonly elasticBytes: number | undefined
  /** For the floors above. */
  readonly boot: unknown
}

/** What it says by that channel. `dying`: it ends, for this cause, an encoded error. */
export type ProcessReply = SetupReply | { readonly kind: 'dying'; readonly error: Uint8Array }
