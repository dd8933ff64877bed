import { type Bench, figure, interleaved, median, timed } from './harness.js'

interface Comparison {
  readonly name: string
  /** The variant that the program of one thread uses. */
  readonly chosen: string
  readonly variants: Readonly<Record<string, () => unknown>>
}

/** Is the program of one thread the fastest of its variants? Its time by that of the fastest; a tenth is noise. */
export function fastestBench(name: string, comparison: () => Promise<Omit<Comparison, 'name'>>): Bench {
  return {
    name,
    floor: 1.25,
    aim: 1.1,
    better: 'lower',
    async run(rounds) {
      const { chosen, variants } = await comparison()
      const times = await interleaved(
        rounds,
        Object.fromEntries(Object.entries(variants).map(([variant, work]) => [variant, () => timed(work)])),
      )
      const medians = Object.fromEntries(Object.entries(times).map(([variant, values]) => [variant, median(values)]))
      const fastest = Math.min(...Object.values(medians))
      const values = (times[chosen] as number[]).map((time) => time / fastest)
      return figure(name, 'x', values, {
        chosen,
        ...Object.fromEntries(Object.entries(medians).map(([variant, ms]) => [`${variant} ms`, ms])),
      })
    },
  }
}
