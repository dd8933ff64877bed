import { createPool, type FlowPool, lines, readBatches } from 'millrace/flow'
import { measured } from '../examples/support/measured.js'
import { countInOneThread, top } from '../examples/word-pairs/single.js'
import { countPairs, type PairCount } from '../examples/word-pairs/stages.js'
import { byHand, numberedWords, VARIANTS, type Variant } from '../examples/word-pairs/variants.js'
import { corpus, PAIRS_800K } from './corpus.js'
import { type Bench, collectGarbage, figure, interleaved, median, ratios, timed } from './harness.js'
import { fastestBench } from './variants.js'

const WORKERS = 2
const TOP = 10

interface Rounds {
  readonly single: number[]
  /** On workers that are there, as the one thread is. */
  readonly flow: number[]
  /** On workers of its own, which start, load and optimize everything first. */
  readonly cold: number[]
  readonly stalls: number[]
  readonly distinctPairs: number
}

async function onWorkers(pattern: string, pool?: FlowPool): Promise<{ rows: PairCount[]; elapsedMs: number; stallMs: number }> {
  collectGarbage()
  const { result, elapsedMs, stallMs } = await measured(() =>
    countPairs(pattern)
      .limit(TOP)
      .run(pool === undefined ? { workers: WORKERS } : { pool })
      .collect(),
  )
  return { rows: result, elapsedMs, stallMs }
}

function mustBeEqual(rows: readonly PairCount[], expected: readonly PairCount[]): void {
  const text = (list: readonly PairCount[]): string => list.map(({ pair, n }) => `${pair} ${n}`).join(', ')
  if (text(rows) !== text(expected)) throw new Error(`word-pairs: the answers differ: ${text(rows)} is not ${text(expected)}`)
}

async function measure(rounds: number): Promise<Rounds> {
  const { pattern, distinctPairs } = await corpus(PAIRS_800K)
  const stalls: number[] = []
  let expected: PairCount[] = []
  const pool = createPool({ workers: WORKERS })
  const checked = async (on?: FlowPool): Promise<{ elapsedMs: number; stallMs: number }> => {
    const { rows, ...times } = await onWorkers(pattern, on)
    mustBeEqual(rows, expected)
    return times
  }
  const { single, flow, cold } = await interleaved(rounds, {
    single: () =>
      timed(async () => {
        expected = top(await countInOneThread(pattern), TOP)
      }),
    flow: async () => {
      const { elapsedMs, stallMs } = await checked(pool)
      stalls.push(stallMs)
      return elapsedMs
    },
    cold: async () => (await checked()).elapsedMs,
  })
  await pool.close()
  return { single, flow, cold, stalls: stalls.slice(-rounds), distinctPairs }
}

let memory: Promise<Rounds> | undefined

/** Three figures come from the same rounds. */
function once(rounds: number): Promise<Rounds> {
  memory ??= measure(rounds)
  return memory
}

export const benches: readonly Bench[] = [
  {
    name: 'word-pairs',
    floor: 1.35,
    aim: 1.8,
    better: 'higher',
    async run(rounds) {
      const { single, flow, distinctPairs } = await once(rounds)
      return figure('word-pairs', 'x', ratios(single, flow), {
        'distinct pairs': distinctPairs,
        workers: WORKERS,
        'one thread ms': median(single),
        'flow ms': median(flow),
      })
    },
  },
  {
    name: 'word-pairs-cold',
    floor: 1.35,
    aim: 1.8,
    better: 'higher',
    async run(rounds) {
      const { single, cold } = await once(rounds)
      return figure('word-pairs-cold', 'x', ratios(single, cold), { 'one thread ms': median(single), 'flow ms': median(cold) })
    },
  },
  {
    name: 'word-pairs-stall',
    floor: 30,
    aim: 10,
    better: 'lower',
    async run(rounds) {
      const { stalls } = await once(rounds)
      return figure('word-pairs-stall', 'ms', stalls, { workers: WORKERS })
    },
  },
  fastestBench('word-pairs-single', async () => {
    const { pattern } = await corpus(PAIRS_800K)
    const work = (count: Variant) => async () => top(await count(readBatches(lines(pattern))), TOP)
    const variants = Object.fromEntries(Object.entries(VARIANTS).map(([name, count]) => [name, work(count)]))
    return {
      chosen: 'inDictionary',
      variants,
      others: { 'by hand, without the stage function': work(byHand), 'numbered words, another algorithm': work(numberedWords) },
    }
  }),
]
