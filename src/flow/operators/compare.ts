import { placed } from '../../base/placed.js'
import { isBytes } from '../../columnar/bytes.js'
import { dateMs } from '../../columnar/date.js'
import { comparator, compareValues } from '../../columnar/order.js'
import type { Row } from '../../columnar/schema.js'
import { deepPart } from '../../columnar/whole-keys.js'
import type { OrderPlan } from '../plan.js'

type Compare = (a: Row, b: Row) => number

/** The order of a sort. */
export function comparatorOf({ by, stable }: OrderPlan): Compare {
  const compare = comparator(by)
  return stable ? (a, b) => compare(a, b) || compareAll(a, b) : compare
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

/** By all columns, in the order of their names; one that is missing is null. */
function compareAll(a: Row, b: Row): number {
  for (const column of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
    const order = compareAny(a[column] ?? null, b[column] ?? null, column)
    if (order !== 0) return order
  }
  return 0
}

/** Lists and objects have an order here, too, that means nothing but is always the same. */
function compareAny(a: unknown, b: unknown, column: string): number {
  return isNested(a) || isNested(b) ? compareValues(deepPart(a, column), deepPart(b, column)) : compareValues(a, b)
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null && dateMs(value) === undefined && !isBytes(value)
}
