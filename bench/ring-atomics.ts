import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { type Bench, figure, interleaved, median, ratios } from './harness.js'

const ROUND_TRIPS = 2_000_000
const NAMES = ['ring-reader', 'ring-writer'] as const

const urlOf = (name: string): URL => new URL(`../src/ring/${name}.js`, import.meta.url)

/** The same compiled module with the atomic operations built in instead of handed in. */
function builtIn(name: string): string {
  const text = readFileSync(urlOf(name), 'utf8')
    .replaceAll('this.atomics.', 'Atomics.')
    .replaceAll(/from '(\.[^']+)'/g, (_, path: string) => `from '${new URL(path, urlOf(name)).href}'`)
  if (!text.includes('Atomics.store(')) throw new Error(`${name} has no atomic operations handed in`)
  return `data:text/javascript,${encodeURIComponent(text)}`
}

/** A thread of its own, so that what the compiler learns from one side says nothing of the other. Gives nanoseconds per round trip. */
async function contender(urlFor: (name: string) => string): Promise<{ run(): Promise<number>; stop(): Promise<void> }> {
  const [readerUrl, writerUrl] = NAMES.map(urlFor)
  const worker = new Worker(new URL('./ring-atomics.worker.js', import.meta.url), { workerData: { readerUrl, writerUrl } })
  await once(worker, 'online')
  return {
    run: async () => {
      worker.postMessage(ROUND_TRIPS)
      const [milliseconds] = (await once(worker, 'message')) as [number]
      return (milliseconds / ROUND_TRIPS) * 1e6
    },
    stop: async () => {
      const exit = once(worker, 'exit')
      worker.postMessage(-1)
      await exit
    },
  }
}

const NAME = 'ring with atomic operations built in, of handed in'

export const benches: readonly Bench[] = [
  {
    name: NAME,
    floor: 0.9,
    aim: 1,
    better: 'higher',
    async run(rounds) {
      const handedIn = await contender((name) => urlOf(name).href)
      const direct = await contender(builtIn)
      const times = await interleaved(rounds, { direct: direct.run, handedIn: handedIn.run })
      await Promise.all([handedIn.stop(), direct.stop()])
      return figure(NAME, 'x', ratios(times.direct, times.handedIn), {
        'built in, ns a round trip': median(times.direct).toFixed(1),
        'handed in, ns a round trip': median(times.handedIn).toFixed(1),
      })
    },
  },
]
