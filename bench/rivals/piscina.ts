/** Piscina as its documentation has it, `Basic usage` (https://piscinajs.dev/getting-started/basic-usage), with batches by hand: a task for each. */
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { inBatches, type StartRival } from './objects.js'

/** Measured: 100 are slower, 10,000 no faster. */
const BATCH = 1000

export const startPiscina: StartRival = async () => {
  const pool = new Piscina({
    filename: fileURLToPath(new URL('./piscina.worker.js', import.meta.url)),
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 2,
  })
  return { read: (count) => inBatches(count, BATCH, (from, to) => pool.run({ from, to })), stop: () => pool.destroy() }
}
