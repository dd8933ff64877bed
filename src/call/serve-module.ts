import { MillraceError } from '../base/errors.js'
import type { WorkerSide } from '../mesh/worker-side.js'
import { CallServer } from './call-server.js'
import { type Handlers, isServed } from './handlers.js'
import { proceduresOf } from './hello.js'
import { WorkerPeers } from './peers.js'
import { afterCancel } from './unresponsive.js'

/** What a worker of `connect` is told when it starts. */
export interface CallBoot {
  readonly module: string
  readonly cancelTimeoutMs: number
}

/** Imports a worker module and serves what it exports, or tells the leader why it cannot. */
export async function serveModule(side: WorkerSide, { module: href, cancelTimeoutMs }: CallBoot): Promise<void> {
  try {
    const module: { default?: unknown } = await import(href)
    if (!isServed(module.default)) {
      throw new MillraceError('NotServed', `${href} has no handlers: write \`export default serve({ ... })\` in it`)
    }
    serveHandlers(side, module.default, cancelTimeoutMs)
  } catch (error) {
    side.refuse(error)
  }
}

/** Begins to serve handlers. */
export function serveHandlers(side: WorkerSide, handlers: Handlers, cancelTimeoutMs: number): void {
  const procedures = proceduresOf(handlers)
  const server = new CallServer(side.session, handlers, {
    cancelled: (handler) => afterCancel(cancelTimeoutMs, () => side.unresponsive(handler)),
    peers: new WorkerPeers(side, procedures),
  })
  side.ready(
    {
      called: (peer, id, call) => server.called(peer, id, call),
      invited: () => {},
      closing: () => server.idle(),
    },
    procedures,
  )
}
