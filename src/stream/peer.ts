import { type PeerLostError, type ProtocolError, SessionEndedError } from '../base/errors.js'
import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import { ControlCells } from './control-cells.js'
import type { LinkEnd } from './link-end.js'
import { MultiplexedReader, type ReaderListener } from './multiplexed-reader.js'
import { MultiplexedWriter } from './multiplexed-writer.js'
import type { Sink } from './sink.js'

/** Asked for before its source was registered. */
export interface Parked {
  limit: number
  started: boolean
  cancelled: boolean
}

/** open, then ending once either side ended the session, then over: GOODBYE both sent and read, or the peer gone. */
export type PeerState = 'open' | 'ending' | 'over'

/** All that a session keeps for one of its peers. */
export class Peer {
  state: PeerState = 'open'
  /** Whether it was told that this peer ended its session. */
  saidEnd = false
  /** Why nothing opens with it any more; set unless it is open. */
  closedBy: PeerLostError | ProtocolError | SessionEndedError | undefined
  readonly writer: MultiplexedWriter
  readonly reader: MultiplexedReader
  readonly cells: ControlCells
  readonly sinks: Map<PhysicalStreamId, Sink> = new Map()
  readonly parked: Map<PhysicalStreamId, Parked> = new Map()
  /** Planned streams that were asked for: an ended one never starts again, whoever asked twice would wait for ever. */
  readonly requested: Set<PhysicalStreamId> = new Set()
  /** Inputs whose call is over while they are not, and whom that holds up. */
  readonly inputsLeft: Map<PhysicalStreamId, () => void> = new Map()
  /** Inputs that CALLs named and nobody opened yet: each is the input of one call. */
  readonly inputsNamed: Set<PhysicalStreamId> = new Set()
  /** The last generation of each call id, so that late records of it are known for what they are. */
  readonly generations: Map<PhysicalStreamId, number> = new Map()

  constructor(
    readonly id: ParticipantId,
    readonly link: LinkEnd,
    listener: ReaderListener,
  ) {
    this.writer = new MultiplexedWriter(link.frames.outlet, () => this.hasOpenSinks())
    this.reader = new MultiplexedReader(link.frames.inlet, listener)
    this.cells = new ControlCells(link.controls.outlet)
  }

  /** Whether it can be woken, and so may be read from. */
  get isReady(): boolean {
    return this.link.isReady?.() ?? true
  }

  /** Why what had no terminal frame failed, where the session of this peer ended in order. */
  ended(): SessionEndedError {
    return new SessionEndedError(`the session with participant ${this.id} has ended`)
  }

  /** Sinks whose terminal frame is still due. */
  hasOpenSinks(): boolean {
    for (const { state } of this.sinks.values()) if (state === 'open' || state === 'ending' || state === 'closing') return true
    return false
  }

  /** Sends what there is room for, frames before the records that refer to them. Wakes the peer if there was anything. */
  flush(): boolean {
    if (this.state === 'over') return false
    const framed = this.writer.flush()
    const recorded = this.cells.flush()
    const freed = this.reader.takeWakeDue()
    if (framed || recorded || freed) this.link.wakePeer()
    return framed || recorded
  }

  /** The second look before sleep: whether anything could be done now. Says that room is wanted where it is. */
  mayWork(controlHasMore: boolean): boolean {
    return (
      controlHasMore ||
      this.reader.hasMore ||
      (this.writer.isBlocked && this.writer.wantRoom()) ||
      (this.cells.isBlocked && this.cells.wantRoom()) ||
      this.link.condition() !== 'open'
    )
  }
}
