/** The rivals of a stream: a thread that sends messages by port, and one that transfers a ReadableStream. */
import { type MessagePort, parentPort } from 'node:worker_threads'
import type { Load } from './streams.worker.js'

/** As many as a port takes before others have their turn: measured, fewer or more are slower. */
const MESSAGES_AT_ONCE = 256

export type Order = (Load & { readonly by: 'port'; readonly port: MessagePort }) | (Load & { readonly by: 'stream' })

function byPort({ port, count, bytes }: Load & { port: MessagePort }): void {
  const message = new Uint8Array(bytes).fill(1)
  let left = count
  const some = (): void => {
    for (let sent = 0; sent < MESSAGES_AT_ONCE && left > 0; sent++, left--) port.postMessage(message)
    if (left > 0) setImmediate(some)
    else port.close()
  }
  some()
}

function byStream({ count, bytes }: Load): void {
  let left = count
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left-- > 0) controller.enqueue(new Uint8Array(bytes).fill(1))
        else controller.close()
      },
    },
    { highWaterMark: 64 },
  )
  parentPort?.postMessage(stream, [stream as never])
}

parentPort?.on('message', (order: Order) => {
  if (order.by === 'port') byPort(order)
  else byStream(order)
})
