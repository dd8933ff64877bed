import { logicalOf, senderOf } from '../../src/base/ids.js'
import type { Inbound } from '../../src/stream/inbound.js'
import type { Peer } from '../../src/stream/peer.js'
import type { Session } from '../../src/stream/session.js'

/** Who waits for whom: streams that are open, and sinks that are not closed. */
export function waits(sessions: readonly Session[]): string {
  return sessions.flatMap((session) => peersOf(session).flatMap((peer) => [...streams(session, peer), ...sinks(session, peer)])).join('\n')
}

function peersOf(session: Session): Peer[] {
  return [...(session as unknown as { peers: Map<number, Peer> }).peers.values()]
}

function streams(session: Session, peer: Peer): string[] {
  return peer.reader.all().map((stream: Inbound) => {
    const waiting = (stream as unknown as { waitPromise: unknown }).waitPromise !== undefined
    const name = `stream ${logicalOf(stream.id)} of ${senderOf(stream.id)}`
    return `${session.self} ${waiting ? 'waits for' : 'has'} ${name}: ${stream.state}, ${stream.bufferedMessages} messages at hand`
  })
}

function sinks(session: Session, peer: Peer): string[] {
  return [...peer.sinks.values()]
    .filter(({ state }) => state !== 'closed')
    .map((sink) => {
      const { credit } = sink as unknown as { credit: { left: number } }
      const starving = sink.isStarving ? ', starving' : ''
      const queue = `${sink.queuedBytes} bytes queued, credit for ${credit.left}${starving}`
      return `${session.self} sends stream ${logicalOf(sink.id)} to ${sink.receiver}: ${sink.state}, ${queue}`
    })
}
