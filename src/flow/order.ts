import { MillraceError } from '../base/errors.js'
import { columnList } from './column-list.js'
import type { OrderKey, OrderPlan } from './plan.js'
import type { ScalarColumn } from './row-types.js'

/** A column, ascending, or what `asc` and `desc` give. */
export type SortKey<R> = ScalarColumn<R> | OrderKey<ScalarColumn<R>>

/** One key or several, the first deciding first. */
export type Order<R> = SortKey<R> | readonly SortKey<R>[]

/** What an order takes beside its keys. */
export interface StableOrder {
  /** Whether rows that are equal by the keys are ordered by all their columns, in the order of their names; false by default: in any order. */
  readonly stable?: boolean
}

/** An order as the plan has it. @throws MillraceError `InvalidArgument` */
export function orderStep(keys: Order<never>, { stable = false }: StableOrder, where: string): OrderPlan {
  const list: readonly (string | OrderKey)[] = Array.isArray(keys) ? keys : [keys]
  const by = list.map((key) =>
    typeof key === 'string' ? { column: key, descending: false } : { column: key?.column, descending: key?.descending === true },
  )
  if (by.length > 0)
    columnList(
      by.map(({ column }) => column),
      where,
    )
  return stable ? { by, stable } : { by }
}

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
