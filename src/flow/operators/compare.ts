import { placed } from '../../base/placed.js'
import { compareRows } from '../../columnar/deep-order.js'
import { comparator } from '../../columnar/order.js'
import type { Row } from '../../columnar/schema.js'
import type { OrderPlan } from '../plan.js'

type Compare = (a: Row, b: Row) => number

/** The order of a sort. */
export function comparatorOf({ by, stable }: OrderPlan): Compare {
  const compare = comparator(by)
  return stable ? (a, b) => compare(a, b) || compareRows(a, b) : compare
}

/** The order of a sort; a value that has none is an error that says where. */
export function comparatorAt(order: OrderPlan, where: string): Compare {
  const compare = comparatorOf(order)
  return (a, b) => {
    try {
      return compare(a, b)
    } catch (error) {
      throw placed(error, where)
    }
  }
}
