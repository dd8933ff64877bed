/** A ReadableStream that is transferred: https://developer.mozilla.org/en-US/docs/Web/API/ReadableStream, `Transferring`. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Item, StartRival } from './objects.js'

export const startReadable: StartRival = async () => {
  const worker = new Worker(new URL('./readable.worker.js', import.meta.url))
  async function* read(count: number): AsyncGenerator<Item> {
    worker.postMessage(count)
    const [stream] = (await once(worker, 'message')) as [ReadableStream<Item>]
    yield* stream as unknown as AsyncIterable<Item>
  }
  return { read, stop: () => worker.terminate() }
}
