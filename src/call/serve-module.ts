import { MillraceError } from '../base/errors.js'
import { isUnknownTypeScript } from '../base/typescript.js'
import type { WorkerSide } from '../mesh/worker-side.js'
import { CallServer } from './call-server.js'
import { codecsOf, type Handlers, isServed, serveOptionsOf } from './handlers.js'
import { proceduresOf } from './hello.js'
import { WorkerPeers } from './peers.js'
import { afterCancel } from './unresponsive.js'

/** What a worker of `connect` is told when it starts. */
export interface CallBoot {
  /** Null: the thread runs its module as it is, which a factory made. */
  readonly module: string | null
  readonly cancelTimeoutMs: number
}

/** Imports a worker module and serves what it exports, or tells the leader why it cannot. */
export async function serveModule(side: WorkerSide, href: string, cancelTimeoutMs: number): Promise<void> {
  try {
    const module: { default?: unknown } = await import(href)
    if (!isServed(module.default)) {
      throw new MillraceError('NotServed', `${href} has no handlers: write \`export default serve({ ... })\` in it`)
    }
    await serveHandlers(side, module.default, cancelTimeoutMs)
  } catch (error) {
    side.refuse(isUnknownTypeScript(error) ? typeScriptUnsupported(href, error) : error)
  }
}

function typeScriptUnsupported(href: string, cause: unknown): MillraceError {
  const cure = 'compile it, then connect finds the .js, or use Node.js 22.18 or later'
  return new MillraceError('TypeScriptUnsupported', `${href} is TypeScript, which Node.js ${process.versions.node} does not run: ${cure}`, {
    cause,
  })
}

/** Begins to serve handlers, once they are set up. Rejects with what their `setup` throws. */
export async function serveHandlers(side: WorkerSide, handlers: Handlers, cancelTimeoutMs: number): Promise<void> {
  const procedures = proceduresOf(handlers)
  const { setup, teardown, extract } = serveOptionsOf(handlers)
  const state = await setup?.()
  const server = new CallServer(side.session, handlers, {
    cancelled: (handler) => afterCancel(cancelTimeoutMs, () => side.unresponsive(handler)),
    peers: new WorkerPeers(side, procedures, codecsOf(handlers)),
    state,
    extract,
    log: (record) => side.log(record),
  })
  const closing = async (): Promise<void> => {
    await server.idle()
    // Whoever could be told of its errors has closed the pool.
    await Promise.resolve(teardown?.(state)).catch(() => {})
  }
  side.ready({ called: (peer, id, call) => server.called(peer, id, call), invited: () => {}, closing }, procedures)
}
