import { FLIGHTS } from '../examples/flights/stages.js'
import { fromColumns, VARIANTS } from '../examples/flights/variants.js'
import type { Bench } from './harness.js'
import { fastestBench } from './variants.js'

export const benches: readonly Bench[] = [
  fastestBench('flights-single', async () => ({
    chosen: 'inOneMap',
    variants: Object.fromEntries(Object.entries(VARIANTS).map(([name, count]) => [name, () => count(FLIGHTS)])),
    others: { 'columns, another reader': () => fromColumns(FLIGHTS) },
  })),
]
