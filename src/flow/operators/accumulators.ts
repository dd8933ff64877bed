import { unreachable } from '../../base/assert.js'
import type { AggregatePlan } from '../plan.js'
import type { Accumulator, AccumulatorPlace, Reading } from './accumulator.js'
import { CountAccumulator } from './count.js'
import { CountDistinctAccumulator } from './count-distinct.js'
import { EdgeAccumulator } from './edge.js'
import { ExtremeAccumulator } from './extreme.js'
import { SumAccumulator } from './sum.js'

/** The aggregates of a groupBy. */
export function readingsOf(aggregates: readonly AggregatePlan[]): Reading[] {
  return aggregates.map(({ as, fn, column = '', by = '' }) => ({
    column,
    by,
    make: (place) => accumulatorOf(fn, { ...place, as, column }),
  }))
}

function accumulatorOf(fn: AggregatePlan['fn'], place: AccumulatorPlace): Accumulator {
  switch (fn) {
    case 'count':
      return new CountAccumulator(place)
    case 'countDistinct':
      return new CountDistinctAccumulator(place)
    case 'first':
      return new EdgeAccumulator(place, -1)
    case 'last':
      return new EdgeAccumulator(place, 1)
    case 'sum':
      return new SumAccumulator(place, false)
    case 'avg':
      return new SumAccumulator(place, true)
    case 'min':
      return new ExtremeAccumulator(place, -1)
    case 'max':
      return new ExtremeAccumulator(place, 1)
    default:
      return unreachable(fn, 'aggregate')
  }
}
