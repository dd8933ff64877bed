import { type Connection, type ConnectOptions, connectInline } from '../call/connect.js'
import type { Handlers } from '../call/handlers.js'

/**
 * The handlers of a worker module in this thread, without a worker: `const { api, close } = await inline(handlers)`. Streams are as lazy
 * and calls copy their values just as between threads; only parallelism is missing. The handlers may be given with or without `serve`.
 * Options are those of `connect` but for `workers`; rejects with `InvalidArgument`.
 */
export function inline<H extends Handlers>(handlers: H, options: Omit<ConnectOptions, 'workers'> = {}): Promise<Connection<H>> {
  return connectInline(handlers, options)
}
