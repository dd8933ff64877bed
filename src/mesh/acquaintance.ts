import type { ParticipantId } from '../base/ids.js'
import type { LinkEnd } from '../stream/link-end.js'
import type { LinkSegment } from './link-layout.js'

/** A link that a medium made: only it knows what it is. */
export type FarLink = LinkSegment

/** A member that this one has met, as its medium reaches it. */
export interface Acquaintance {
  wake(): void
  /** `self`'s end of a link with it. */
  attach(link: FarLink, self: ParticipantId): LinkEnd
  /** It is gone, or we are. */
  part(): void
}
