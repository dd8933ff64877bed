import { CallServer } from '../call/call-server.js'
import type { QueryInvitation, WorkerSide } from '../mesh/worker-side.js'
import type { QueryEvent } from './query-events.js'
import { QueryWorker } from './query-worker.js'

/** Serves queries in a worker: the leader sends a mesh, and calls `run` for it. */
export function serveQueries(side: WorkerSide): void {
  const invited = new Map<number, QueryWorker>()
  const expected = new Map<number, () => void>()

  async function* run({ mesh }: { mesh: number }, { signal }: { signal: AbortSignal }): AsyncGenerator<QueryEvent> {
    // The mesh comes by message port and the call by ring: either may be first.
    if (!invited.has(mesh)) await new Promise<void>((resolve) => expected.set(mesh, resolve))
    expected.delete(mesh)
    const query = invited.get(mesh) as QueryWorker
    invited.delete(mesh)
    const end = () => void query.end()
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
    yield* query.run()
  }

  const server = new CallServer(side.session, { run })
  side.ready(
    {
      called: (peer, id, call) => server.called(peer, id, call),
      invited: (invitation: QueryInvitation) => {
        invited.set(invitation.mesh, new QueryWorker(side, invitation))
        expected.get(invitation.mesh)?.()
      },
      closing: () => server.idle(),
    },
    undefined,
  )
}
