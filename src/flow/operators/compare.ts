import { MillraceError } from '../../base/errors.js'
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

/** The same error of ours with stage and operator in front. */
export function placed(error: unknown, where: string): unknown {
  return error instanceof MillraceError ? new MillraceError(error.code, `${where}: ${error.message}`, { cause: error }) : error
}
