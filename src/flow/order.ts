import { MillraceError } from '../base/errors.js'
import type { OrderKey } from './plan.js'

/** Largest first, NaN before all numbers; nulls last. Throws `InvalidArgument` where it is not given a name. */
export function desc<C extends string>(column: C): OrderKey<C> {
  return { column: checked(column), descending: true }
}

/** Smallest first, NaN after all numbers; nulls last. Throws `InvalidArgument` where it is not given a name. */
export function asc<C extends string>(column: C): OrderKey<C> {
  return { column: checked(column), descending: false }
}

function checked<C extends string>(column: C): C {
  if (typeof column !== 'string') throw new MillraceError('InvalidArgument', `a sort key is the name of a column, got ${typeof column}`)
  return column
}
