import { LEADER } from '../base/ids.js'
import type { WorkerSide } from '../mesh/worker-side.js'
import type { Api, HandlersOf, Peers } from './api.js'
import { type Callees, Client } from './client.js'
import type { Codecs } from './codec.js'
import { createApi } from './create-api.js'
import type { Procedure } from './hello.js'
import { workerId } from './worker-id.js'

/** The other workers, as the handlers of one call them. */
export class WorkerPeers implements Peers {
  private readonly client: Client

  constructor(
    private readonly side: WorkerSide,
    private readonly procedures: readonly Procedure[],
    private readonly codecs: Codecs,
  ) {
    this.client = new Client(calleesOf(side))
  }

  ids(): Promise<readonly number[]> {
    return this.side.others()
  }

  on<M>(worker: number): Api<HandlersOf<M>> {
    return createApi(this.client, this.procedures, { on: workerId(worker), codecs: this.codecs }) as Api<HandlersOf<M>>
  }
}

function calleesOf(side: WorkerSide): Callees {
  const { session } = side
  return {
    session,
    isNested: true,
    hold: { change: () => {} },
    get isClosed() {
      return !session.isOpen
    },
    get ready() {
      return session.peerIds.filter((id) => id !== LEADER && session.isPeerOpen(id)).map((id) => ({ id }))
    },
    anyReady: () => Promise.resolve(),
    reach: (id) => side.linkTo(id),
  }
}
