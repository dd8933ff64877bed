import type { MappedSegment } from '../memory/mapped-memory.js'
import type { Acquaintance, MappedLink, SocketLink } from './acquaintance.js'
import { attachMappedLink } from './mapped-link.js'
import type { MemberWords } from './member-words.js'
import { PARCEL } from './parcel-header.js'
import { attachSocketLink } from './socket-link.js'
import type { Wire } from './wire.js'

/** No link: what concerns two members alone. */
const NO_CHANNEL = 0

export interface ProcessMember {
  readonly wire: Wire
  /** For a worker the socket to another tells; the leader knows more, and says it when it knows why. */
  readonly isDead: () => boolean
  /** Asks for a turn of our own loop. */
  readonly schedule: () => void
  /** Where memory is shared: what shows that of a link, and the words of that member. */
  readonly shared?: { readonly open: (link: MappedLink) => MappedSegment; readonly words: MemberWords } | undefined
}

/** A member in another process. */
export function metProcess({ wire, isDead, schedule, shared }: ProcessMember): Acquaintance {
  const part = () => wire.close()
  const attachSocket: Acquaintance['attach'] = (link, self) => attachSocketLink({ wire, isDead, schedule }, link as SocketLink, self)
  // What arrives wakes by itself.
  if (shared === undefined) return { wake: () => {}, attach: attachSocket, part }
  const { open, words } = shared
  const ring = () => wire.signal(NO_CHANNEL, PARCEL.bell)
  const wake = () => words.sleep.wake(ring)
  const remote = {
    get isDead() {
      return isDead()
    },
    wake,
  }
  return {
    wake,
    attach: (link, self) => {
      // There was no memory for it.
      if (!('address' in link)) return attachSocket(link, self)
      // Its bells and its death come by the socket.
      return { ...attachMappedLink(open(link), link, self, remote), look: () => wire.look(), isReady: () => wire.isConnected }
    },
    part,
  }
}
