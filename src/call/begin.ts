import type { WorkerFactory } from '../mesh/thread-host.js'
import type { HandlersOf } from './api.js'
import type { Connection, ConnectOptions } from './connect.js'

/**
 * Starts workers that serve a module and returns a connection to them: `await connect<typeof import('./x.worker.js')>(new URL(
 * './x.worker.js', import.meta.url), { workers: 4 })`. In a bundle the module is given as `(options) => new Worker(new URL('./x.worker.js',
 * import.meta.url), options)`. Rejects with what the module threw when imported, `NotServed` where it has no handlers, `WorkerNotFound`,
 * `StartTimeout`, `StartFailed`, `InvalidArgument`.
 */
export async function connect<M>(module: URL | string | WorkerFactory, options?: ConnectOptions): Promise<Connection<HandlersOf<M>>> {
  // What only a leader needs is not loaded by workers, whose modules import `serve` from the same place.
  const { connect: begin } = await import('./connect.js')
  return begin<M>(module, options)
}
