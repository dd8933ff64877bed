import { ProtocolError } from '../base/errors.js'

/**
 * The life of a stream as its receiver sees it. PROTOCOL.md, "Stream", holds the same table.
 *
 *     idle --pull--> open --end--> ended
 *       \             |  \--error, reset, lost--> failed
 *        \--cancel----+--cancel--> cancelled --end, error, reset, lost--> ended
 *
 * idle: nothing was asked for. open: started or called. cancelled: its consumer left; the terminal frame is still to come.
 * ended: over, whole or unwanted. failed: over, by an error.
 */
export type InboundState = 'idle' | 'open' | 'cancelled' | 'ended' | 'failed'

/** pull, cancel: the consumer. data, end, error, reset: frames. lost: the peer is gone, or its session ended. */
export type InboundEvent = 'pull' | 'cancel' | 'data' | 'end' | 'error' | 'reset' | 'lost'

type Row = Readonly<Record<InboundEvent, InboundState | 'violation'>>

export const INBOUND_TABLE: Readonly<Record<InboundState, Row>> = {
  idle: { pull: 'open', cancel: 'cancelled', data: 'violation', end: 'violation', error: 'violation', reset: 'violation', lost: 'failed' },
  open: { pull: 'open', cancel: 'cancelled', data: 'open', end: 'ended', error: 'failed', reset: 'failed', lost: 'failed' },
  cancelled: { pull: 'cancelled', cancel: 'cancelled', data: 'cancelled', end: 'ended', error: 'ended', reset: 'ended', lost: 'ended' },
  ended: { pull: 'ended', cancel: 'ended', data: 'violation', end: 'violation', error: 'violation', reset: 'violation', lost: 'ended' },
  failed: { pull: 'failed', cancel: 'failed', data: 'violation', end: 'violation', error: 'violation', reset: 'violation', lost: 'failed' },
}

export function nextInboundState(state: InboundState, event: InboundEvent): InboundState {
  const next = INBOUND_TABLE[state][event]
  if (next === 'violation') throw new ProtocolError(`a ${event} frame for a stream that is ${state}`)
  return next
}
