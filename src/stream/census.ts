import type { Budget } from './credit.js'
import type { Peer } from './peer.js'
import type { StreamRegistry } from './registry.js'

/** What a session still holds; all zero once it ended and its consumers took what was left. The leak oracle of the tests reads it. */
export interface Census {
  readonly tasks: number
  readonly sources: number
  readonly sinks: number
  readonly streams: number
  readonly cells: number
  readonly parked: number
  readonly queuedBytes: number
  readonly chargedBytes: number
  /** Peers of whom something published was not read yet. */
  readonly unread: number
}

export function takeCensus(
  peers: Iterable<Peer>,
  { tasks, sources }: StreamRegistry,
  { chargedBytes }: Budget,
  controlHasMore: (peer: Peer) => boolean,
): Census {
  let sinks = 0
  let streams = 0
  let cells = 0
  let parked = 0
  let queuedBytes = 0
  let unread = 0
  for (const peer of peers) {
    for (const sink of peer.sinks.values()) {
      if (sink.state !== 'closed') sinks++
      queuedBytes += sink.queuedBytes
    }
    streams += peer.reader.openStreams
    cells += peer.cells.pending
    parked += peer.parked.size
    if (peer.state !== 'over' && (peer.reader.hasMore || controlHasMore(peer))) unread++
  }
  return { tasks, sources, sinks, streams, cells, parked, queuedBytes, chargedBytes, unread }
}
