import type { ControlInlet, ControlOutlet } from '../frame/control-record.js'
import type { FrameInlet, FrameOutlet } from '../frame/ports.js'

/** How a link stands: `lost` once the peer is dead, `failed` once either side found the protocol broken. */
export type LinkCondition = 'open' | 'lost' | 'failed'

/** One participant's end of the rings and bells that it shares with one peer. All that the stream floor knows of a transport. */
export interface LinkEnd {
  readonly frames: { readonly outlet: FrameOutlet; readonly inlet: FrameInlet }
  readonly controls: { readonly outlet: ControlOutlet; readonly inlet: ControlInlet }
  /** After something was published or freed: wakes the peer if it sleeps. */
  wakePeer(): void
  /** Takes in what has arrived where that needs the event loop otherwise: for whoever keeps it from turning. */
  look?(): void
  /** Whether the peer can be woken; before that nothing of it is read, for whoever reads may have something to tell. Always, by default. */
  isReady?(): boolean
  condition(): LinkCondition
  /** Tells the peer that the protocol is broken. */
  fail(): void
  /** GOODBYE was both sent and read, or the peer is gone: nobody looks at the memory any more. */
  release(): void
}
