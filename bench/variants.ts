import { type Bench, figure, interleaved, timed } from './harness.js'

interface Comparison {
  readonly name: string
  /** The variant that the program of one thread uses. */
  readonly chosen: string
  readonly variants: Readonly<Record<string, () => unknown>>
  /** Timed and told, not compared: what does the work in another way. */
  readonly others?: Readonly<Record<string, () => unknown>>
}

/** Many variants take long, and their order shows early. */
const ROUNDS_MAX = 3

/**
 * Is the program of one thread the fastest of its variants? Its time by that of the fastest, each the least of its rounds:
 * what else runs on the machine only ever adds to a time.
 */
export function fastestBench(name: string, comparison: () => Promise<Omit<Comparison, 'name'>>): Bench {
  return {
    name,
    floor: 1.25,
    aim: 1.1,
    better: 'lower',
    async run(rounds) {
      const { chosen, variants, others = {} } = await comparison()
      const contenders = Object.fromEntries(
        Object.entries({ ...variants, ...others }).map(([variant, work]) => [variant, () => timed(work)]),
      )
      const times = Object.entries(await interleaved(Math.min(rounds, ROUNDS_MAX), contenders))
      const least = Object.fromEntries(times.map(([variant, values]) => [variant, Math.min(...values)]))
      const fastest = Math.min(...Object.keys(variants).map((variant) => least[variant] as number))
      const detail = Object.fromEntries(Object.entries(least).map(([variant, ms]) => [`${variant} ms`, ms]))
      return figure(name, 'x', [(least[chosen] as number) / fastest], { chosen, ...detail })
    },
  }
}
