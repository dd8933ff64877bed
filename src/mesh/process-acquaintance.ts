import type { Acquaintance, SocketLink } from './acquaintance.js'
import { attachSocketLink } from './socket-link.js'
import type { Wire } from './wire.js'

/**
 * A member in another process. `schedule` asks for a turn of the loop. `isDead`: for a worker its socket tells; the leader knows more, and says
 * it when it knows why.
 */
export function metProcess(wire: Wire, schedule: () => void, isDead: () => boolean = () => wire.isLost): Acquaintance {
  return {
    // What arrives wakes by itself.
    wake: () => {},
    attach: (link, self) => attachSocketLink({ wire, isDead, schedule }, link as SocketLink, self),
    part: () => wire.close(),
  }
}
