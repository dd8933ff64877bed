import { placed } from '../../base/placed.js'
import { comparator } from '../../columnar/order.js'
import type { Row } from '../../columnar/schema.js'
import type { OrderKey } from '../plan.js'

/** The order of a sort; a value that has none is an error that says where. */
export function comparatorAt(by: readonly OrderKey[], where: string): (a: Row, b: Row) => number {
  const compare = comparator(by)
  return (a, b) => {
    try {
      return compare(a, b)
    } catch (error) {
      throw placed(error, where)
    }
  }
}
