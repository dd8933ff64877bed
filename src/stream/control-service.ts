import { unreachable } from '../base/assert.js'
import type { ControlInlet, ControlRecord } from '../frame/control-record.js'
import { CONTROL, CONTROL_FLAG } from '../frame/kinds.js'
import type { Peer } from './peer.js'
import type { StreamRegistry } from './registry.js'

/**
 * The only one that is handed the control rings' readers, and so the only one that consumes control records. It changes the state of
 * sinks and starts sources; what follows from that is done by the loop.
 */
export class ControlService {
  private readonly inlets = new Map<Peer, ControlInlet>()
  private readonly wakesDue = new Set<Peer>()
  /** Records read so far. */
  recordsRead = 0

  constructor(
    private readonly registry: StreamRegistry,
    private readonly sessionEnded: (peer: Peer) => void,
  ) {}

  attach(peer: Peer, inlet: ControlInlet): void {
    this.inlets.set(peer, inlet)
  }

  detach(peer: Peer): void {
    this.inlets.delete(peer)
    this.wakesDue.delete(peer)
  }

  hasMore(peer: Peer): boolean {
    return this.inlets.get(peer)?.hasMore() ?? false
  }

  /** Reads what one peer says. Returns whether it said anything. Throws `ProtocolError`. */
  poll(peer: Peer): boolean {
    const inlet = this.inlets.get(peer)
    if (inlet === undefined) return false
    let read = false
    for (let record = inlet.next(); record !== undefined; record = inlet.next()) {
      read = true
      this.recordsRead++
      this.dispatch(peer, record)
    }
    if (inlet.release()) this.wakesDue.add(peer)
    return read
  }

  /** Whether the peer waits for the room that was freed since this was asked last. */
  takeWakeDue(peer: Peer): boolean {
    return this.wakesDue.delete(peer)
  }

  private dispatch(peer: Peer, record: Readonly<ControlRecord>): void {
    const { id, generation, value } = record
    switch (record.type) {
      case CONTROL.START_STREAM:
        this.registry.start(peer, id, generation, value)
        return
      case CONTROL.CANCEL_STREAM:
        this.registry.cancel(peer, id, generation)
        return
      case CONTROL.CREDIT:
        this.registry.credit(peer, id, generation, value, (record.flags & CONTROL_FLAG.starving) !== 0)
        return
      case CONTROL.SESSION_END:
        this.sessionEnded(peer)
        return
      default:
        unreachable(record.type, 'control service')
    }
  }
}
