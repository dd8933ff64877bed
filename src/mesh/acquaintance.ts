import type { ParticipantId } from '../base/ids.js'
import type { SegmentAddress } from '../memory/mapped-memory.js'
import type { LinkEnd } from '../stream/link-end.js'
import type { LinkSegment } from './link-layout.js'

/** A link between two processes without shared memory: plain data. */
export interface SocketLink {
  /** Of the wire between the two members. */
  readonly channel: number
  readonly first: ParticipantId
  readonly second: ParticipantId
  /** What may wait unflushed in either direction, in place of what a ring holds. */
  readonly firstRingBytes: number
  readonly secondRingBytes: number
}

/** A link between two processes in memory that they share: plain data. */
export interface MappedLink {
  /** Its number in the pool; the memory says the same. */
  readonly epoch: number
  readonly address: SegmentAddress
  readonly first: ParticipantId
  readonly second: ParticipantId
  readonly firstRingBytes: number
  readonly secondRingBytes: number
}

/** A link that a medium made: only it knows which it is. */
export type FarLink = LinkSegment | SocketLink | MappedLink

/** A member that this one has met, as its medium reaches it. */
export interface Acquaintance {
  wake(): void
  /** `self`'s end of a link with it. */
  attach(link: FarLink, self: ParticipantId): LinkEnd
  /** It is gone, or we are. */
  part(): void
}
