/** Word pairs by hand over Piscina (https://piscinajs.dev/getting-started/basic-usage): a task for each file, whose counts the main thread adds up. */
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { top } from '../../examples/word-pairs/single.js'
import type { PairCount } from '../../examples/word-pairs/stages.js'

type Counted = { pairs: string; counts: Uint32Array }

export interface PairsByHand {
  count(files: readonly string[], rows: number): Promise<PairCount[]>
  stop(): Promise<void>
}

export function startPairs(workers: number): PairsByHand {
  const filename = fileURLToPath(new URL('./pairs.worker.js', import.meta.url))
  const pool = new Piscina({ filename, minThreads: workers, maxThreads: workers })
  return {
    async count(files, rows) {
      const totals = new Map<string, number>()
      const add = ({ pairs, counts }: Counted): void => {
        for (const [index, pair] of pairs.split('\n').entries()) totals.set(pair, (totals.get(pair) ?? 0) + (counts[index] as number))
      }
      await Promise.all(files.map(async (file) => add((await pool.run(file)) as Counted)))
      return top(
        Array.from(totals, ([pair, n]) => ({ pair, n })),
        rows,
      )
    },
    stop: () => pool.destroy(),
  }
}
