/** What an idle pool costs: nothing is scheduled, so nearly nothing. */
import { connect } from '../src/index.js'
import { type Bench, figure } from './harness.js'

const IDLE_MS = 10_000
const WORKERS = 2
const ROUNDS_MAX = 2
/** V8 collects garbage some eight seconds after the last work, in any process with or without a pool: 60 ms, once. */
const SETTLE_MS = 12_000

/** CPU time of all threads, in ms, over ten seconds in which a pool that has worked waits for nothing. */
async function idleMs(): Promise<number> {
  const { api, close } = await connect<typeof import('./streams.worker.js')>(new URL('./streams.worker.js', import.meta.url), {
    workers: WORKERS,
  })
  try {
    for await (const message of api.messages({ count: 1000, bytes: 1024 }))
      if (message.length !== 1024) throw new Error('idle: a short message')
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    const before = process.cpuUsage()
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  } finally {
    await close()
  }
}

export const benches: readonly Bench[] = [
  {
    name: 'idle-10s-cpu',
    floor: 10,
    aim: 5,
    better: 'lower',
    async run(rounds) {
      const values: number[] = []
      for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round++) values.push(await idleMs())
      return figure('idle-10s-cpu', 'ms', values, { workers: WORKERS })
    },
  },
]
