import { parentPort } from 'node:worker_threads'
import { item } from './objects.js'

parentPort?.on('message', (count: number) => {
  let next = 0
  const stream = new ReadableStream(
    {
      pull(controller) {
        if (next < count) controller.enqueue(item(next++))
        else controller.close()
      },
    },
    { highWaterMark: 64 },
  )
  parentPort?.postMessage(stream, [stream as never])
})
