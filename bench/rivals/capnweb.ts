/** Cap'n Web over a MessagePort as its README has it, `MessagePort` (https://github.com/cloudflare/capnweb#messageport), with batches by hand. */
import { MessageChannel, Worker } from 'node:worker_threads'
import { newMessagePortRpcSession } from 'capnweb'
import type { Items } from './capnweb.worker.js'
import { type Item, inBatches, type StartRival } from './objects.js'

/** Measured: 100 are slower, 10,000 no faster. */
const BATCH = 1000

export const startCapnweb: StartRival = async () => {
  const worker = new Worker(new URL('./capnweb.worker.js', import.meta.url))
  const { port1, port2 } = new MessageChannel()
  worker.postMessage(port2, [port2])
  const remote = newMessagePortRpcSession<Items>(port1 as never)
  const read = (count: number) => inBatches(count, BATCH, (from, to) => remote.items(from, to) as unknown as Promise<readonly Item[]>)
  return { read, stop: () => worker.terminate() }
}
