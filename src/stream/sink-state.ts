import { MillraceError, ProtocolError } from '../base/errors.js'

/**
 * The life of a sink: one receiver's outlet of a source. PROTOCOL.md, "Sink", holds the same table.
 *
 *     planned --start--> open --finish--> ending --sent--> closed
 *        |  \--finish--> held --start----/   |
 *        |  \--fail----> broken              | cancel, fail
 *        \---cancel----> closing <-----------/       closing --sent--> closed
 *
 * planned: registered, not asked for yet. open: asked for. held, broken: the producer ended or failed before anyone asked.
 * ending: its terminal frame waits behind its data. closing: an ERROR or RESET that jumps the queue waits for room. closed: over.
 */
export type SinkState = 'planned' | 'held' | 'broken' | 'open' | 'ending' | 'closing' | 'closed'

/** start, cancel, credit: control records. write, finish, fail: the producer. sent: its terminal frame is in the ring. lost: the peer is gone. */
export type SinkEvent = 'start' | 'cancel' | 'credit' | 'write' | 'finish' | 'fail' | 'sent' | 'lost'

type Row = Readonly<Record<SinkEvent, SinkState | 'violation' | 'bug'>>

/** `violation`: the peer broke the protocol. `bug`: our own side did what it must not. */
export const SINK_TABLE: Readonly<Record<SinkState, Row>> = {
  planned: {
    start: 'open',
    cancel: 'closing',
    credit: 'violation',
    write: 'planned',
    finish: 'held',
    fail: 'broken',
    sent: 'bug',
    lost: 'closed',
  },
  held: {
    start: 'ending',
    cancel: 'closing',
    credit: 'violation',
    write: 'bug',
    finish: 'bug',
    fail: 'broken',
    sent: 'bug',
    lost: 'closed',
  },
  broken: {
    start: 'closing',
    cancel: 'closing',
    credit: 'violation',
    write: 'broken',
    finish: 'broken',
    fail: 'broken',
    sent: 'bug',
    lost: 'closed',
  },
  open: {
    start: 'open',
    cancel: 'closing',
    credit: 'open',
    write: 'open',
    finish: 'ending',
    fail: 'closing',
    sent: 'bug',
    lost: 'closed',
  },
  ending: {
    start: 'ending',
    cancel: 'closing',
    credit: 'ending',
    write: 'bug',
    finish: 'bug',
    fail: 'closing',
    sent: 'closed',
    lost: 'closed',
  },
  closing: {
    start: 'closing',
    cancel: 'closing',
    credit: 'closing',
    write: 'closing',
    finish: 'closing',
    fail: 'closing',
    sent: 'closed',
    lost: 'closed',
  },
  closed: {
    start: 'closed',
    cancel: 'closed',
    credit: 'closed',
    write: 'closed',
    finish: 'closed',
    fail: 'closed',
    sent: 'bug',
    lost: 'closed',
  },
}

export function nextSinkState(state: SinkState, event: SinkEvent): SinkState {
  const next = SINK_TABLE[state][event]
  if (next === 'violation') throw new ProtocolError(`${event} for a sink that is ${state}`)
  if (next === 'bug') throw new MillraceError('Internal', `${event} for a sink that is ${state}`)
  return next
}
