import type { ParticipantId } from '../../src/base/ids.js'
import { Client } from '../../src/call/client.js'
import type { Pool } from '../../src/mesh/pool.js'
import type { Session } from '../../src/stream/session.js'

/** A client whose pool is one worker: a peer of the session, played by hand. */
export function clientOf(session: Session, worker: ParticipantId): Client {
  const ready = [{ id: worker }]
  const pool: Pick<Pool, 'session' | 'isClosed' | 'anyReady'> & { readonly hold: object; readonly ready: readonly object[] } = {
    session,
    hold: { change: () => {} },
    isClosed: false,
    get ready() {
      return session.isPeerOpen(worker) ? ready : []
    },
    anyReady: () => Promise.reject(new Error('unreachable: nobody calls once the peer is gone')),
  }
  return new Client(pool as Pool)
}
