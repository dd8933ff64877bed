import { hashRow } from '../columnar/hash.js'
import type { Row } from '../columnar/schema.js'

/** Which of an exchange's receivers gets a row: its index among them. */
export type Router = (row: Row) => number

/** Who gets a row: one receiver, or every one of them. */
export type Route = Router | 'broadcast'

/** Rows of equal keys meet at the same receiver. */
export function hashRouter(keys: readonly string[], receivers: number): Router {
  return receivers === 1 ? () => 0 : (row) => hashRow(row, keys) % receivers
}

/** Everything goes to the only receiver. */
export const gatherRouter: Router = () => 0
