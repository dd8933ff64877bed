/** Two bare workers that send each other rows as objects over a MessagePort (https://nodejs.org/api/worker_threads.html#class-messagechannel). */
import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'

export interface ItemPorts {
  exchange(rowsEach: number): Promise<{ rows: number; sum: number }>
  stop(): Promise<unknown>
}

export function startItemPorts(): ItemPorts {
  const workers = [0, 1].map(() => new Worker(new URL('./item-port.worker.js', import.meta.url)))
  return {
    async exchange(rowsEach) {
      const { port1, port2 } = new MessageChannel()
      const tallies = workers.map(async (worker, index) => {
        const port = index === 0 ? port1 : port2
        const answer = once(worker, 'message') as Promise<[{ rows: number; sum: number }]>
        worker.postMessage({ rows: rowsEach, port }, [port])
        return (await answer)[0]
      })
      const [a, b] = (await Promise.all(tallies)) as [{ rows: number; sum: number }, { rows: number; sum: number }]
      return { rows: a.rows + b.rows, sum: a.sum + b.sum }
    },
    stop: () => Promise.all(workers.map((worker) => worker.terminate())),
  }
}
