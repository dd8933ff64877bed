import { bootOfThread, bornInThread } from '../mesh/thread-birth.js'
import { type Handlers, mark, type Served, type ServeOptions } from './handlers.js'
import { type CallBoot, serveHandlers } from './serve-module.js'

/** The handlers of this thread, where its module is its own beginning: those that were served last, for what a module imports comes before it. */
let latest: Handlers | undefined

/**
 * Marks the handlers of a worker module: `export default serve({ ... }, { setup })`. A generator function is a stream, everything else a
 * value call. Does nothing beyond that, so that the module can be imported anywhere; only in a thread that the factory given to `connect`
 * made of this module it begins to serve. Throws `InvalidArgument` where something in it is no function, or is named `then`.
 */
export function serve<const H extends Handlers<S>, S = undefined>(handlers: H, options: ServeOptions<S> = {}): Served<H> {
  mark(handlers, options)
  if (isMadeByFactory()) {
    if (latest === undefined) setImmediate(() => void begin())
    latest = handlers
  }
  return handlers as Served<H>
}

function isMadeByFactory(): boolean {
  return (bootOfThread() as Partial<CallBoot> | undefined)?.module === null
}

async function begin(): Promise<void> {
  const birth = bornInThread()
  if (birth === undefined || latest === undefined) return
  await serveHandlers(birth.side, latest, (birth.boot as CallBoot).cancelTimeoutMs).catch((error) => birth.side.refuse(error))
}
