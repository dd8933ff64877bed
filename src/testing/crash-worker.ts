import { MillraceError } from '../base/errors.js'
import { participantId } from '../base/ids.js'
import { poolOf } from '../call/connect.js'

/**
 * Ends a worker the hard way, as running out of memory would: what it had open fails with `PeerLostError`, and the pool starts another under
 * the next number. Resolves when the pool has noticed. By default it is the first worker that serves. For tests of how a program recovers.
 * Rejects with `InvalidArgument` where there is no such worker, or where it is this thread.
 */
export async function crashWorker(connection: AsyncDisposable, worker?: number): Promise<void> {
  const pool = poolOf(connection)
  const victim = pool.ready.find(({ id }) => worker === undefined || id === participantId(worker))
  if (victim === undefined || pool.isInline) {
    const what = worker === undefined ? 'there is no worker' : `worker ${worker} does not serve`
    throw new MillraceError('InvalidArgument', `crashWorker: ${what} in a thread of its own`)
  }
  await victim.host.terminate()
  await victim.exited.happened
}
