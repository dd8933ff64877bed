/** Comlink as its README has it for Node.js, `Node` (https://github.com/GoogleChromeLabs/comlink#node), with an iterator by hand over its calls. */
import { Worker } from 'node:worker_threads'
import { wrap } from 'comlink'
// @ts-expect-error its types lie beside a file of another name
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { inBatches, type StartRival } from './objects.js'

/** Measured: 100 are slower, 10,000 no faster. */
const BATCH = 1000

export const startComlink: StartRival = async () => {
  const worker = new Worker(new URL('./comlink.worker.js', import.meta.url))
  const remote = wrap<typeof import('./comlink.worker.js')['api']>(nodeEndpoint(worker))
  return { read: (count) => inBatches(count, BATCH, (from, to) => remote.items(from, to)), stop: () => worker.terminate() }
}
