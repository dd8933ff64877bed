import type { Mapper } from '../memory/mapped-memory.js'
import type { Acquaintance, MappedLink, SocketLink } from './acquaintance.js'
import { attachMappedLink } from './mapped-link.js'
import type { MemberWords } from './member-words.js'
import { attachSocketLink } from './socket-link.js'
import { PARCEL, type Wire } from './wire.js'

/** No link: what concerns two members alone. */
const NO_CHANNEL = 0

export interface ProcessMember {
  readonly wire: Wire
  /** For a worker the socket to another tells; the leader knows more, and says it when it knows why. */
  readonly isDead: () => boolean
  /** Asks for a turn of our own loop. */
  readonly schedule: () => void
  /** Where memory is shared: what maps it, and the words of that member. */
  readonly shared?: { readonly mapper: Mapper; readonly words: MemberWords } | undefined
  /** Told that the memory of a link is open: its maker need not hold it any longer. */
  readonly opened: (epoch: number) => void
}

/** A member in another process. */
export function metProcess({ wire, isDead, schedule, shared, opened }: ProcessMember): Acquaintance {
  const part = () => wire.close()
  if (shared === undefined) {
    // What arrives wakes by itself.
    return { wake: () => {}, attach: (link, self) => attachSocketLink({ wire, isDead, schedule }, link as SocketLink, self), part }
  }
  const { mapper, words } = shared
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
      const { address, epoch } = link as MappedLink
      const mapped = mapper.open(address)
      opened(epoch)
      // Its bells and its death come by the socket.
      return { ...attachMappedLink(mapped, link as MappedLink, self, remote), look: () => wire.look(), isReady: () => wire.isConnected }
    },
    part,
  }
}
