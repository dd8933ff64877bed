import type { PhysicalStreamId } from '../base/ids.js'
import type { ControlType } from './kinds.js'

/** One record of the control ring, reader to writer. */
export interface ControlRecord {
  type: ControlType
  flags: number
  /** Tells uses of a call's id apart; 0 for a planned stream. */
  generation: number
  /**
   * The **physical** stream id, `(logical << 16) | sender`, also in START_STREAM: what is asked for is the source of one
   * participant, never a logical stream. 0 in SESSION_END.
   */
  id: PhysicalStreamId
  /** START_STREAM, CREDIT: cumulative byte limit. CANCEL_STREAM: reason. SESSION_END: 0. */
  value: number
}

/** Where control records go. */
export interface ControlOutlet {
  /** False: no room; nothing was written. */
  trySend(record: Readonly<ControlRecord>): boolean
  publish(): boolean
  /** Says that room is wanted and looks again. */
  wantRoom(): boolean
}

/** Where control records come from. Only the Control Service is handed one. */
export interface ControlInlet {
  /** The next record, valid until the call after; undefined where none waits. Throws `ProtocolError`. */
  next(): Readonly<ControlRecord> | undefined
  /** Frees what was read. True: the writer wants the room and must be woken. */
  release(): boolean
  hasMore(): boolean
}
