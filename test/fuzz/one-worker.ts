import type { ParticipantId } from '../../src/base/ids.js'
import { type Callees, Client } from '../../src/call/client.js'
import type { Session } from '../../src/stream/session.js'

/** A client whose pool is one worker: a peer of the session, played by hand. */
export function clientOf(session: Session, worker: ParticipantId): Client {
  const ready = [{ id: worker }]
  const callees: Callees = {
    session,
    hold: { change: () => {} },
    isClosed: false,
    get ready() {
      return session.isPeerOpen(worker) ? ready : []
    },
    anyReady: () => Promise.reject(new Error('unreachable: nobody calls once the peer is gone')),
    reach: () => Promise.reject(new Error('unreachable: nobody calls one worker')),
  }
  return new Client(callees)
}
