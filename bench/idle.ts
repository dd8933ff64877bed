/** What an idle pool costs: nothing is scheduled, so nearly nothing. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Bench, figure } from './harness.js'

const WORKERS = 2
const ROUNDS_MAX = 2

async function idleMs(): Promise<number> {
  const child = fileURLToPath(new URL('./idle.child.js', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [child, String(WORKERS)])
  return Number(stdout)
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
