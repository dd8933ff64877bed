import { hashRow, hashValue } from '../columnar/hash.js'
import type { Row } from '../columnar/schema.js'
import { WholeKeys } from '../columnar/whole-keys.js'

/** Which of an exchange's receivers gets a row: its index among them. */
export type Router = (row: Row) => number

/** Who gets a row: one receiver, or every one of them. */
export type Route = Router | 'broadcast'

/** Rows of equal keys meet at the same receiver; without keys, equal rows. The router throws `ColumnType`. */
export function hashRouter(keys: readonly string[], receivers: number): Router {
  if (receivers === 1) return (row) => onlyOne(row, keys)
  if (keys.length > 0) return (row) => hashRow(row, keys) % receivers
  const whole = new WholeKeys()
  return (row) => hashValue(whole.of(row)) % receivers
}

/** What cannot be a key is refused, however many workers there are. */
function onlyOne(row: Row, keys: readonly string[]): number {
  for (let i = 0; i < keys.length; i++) if (typeof row[keys[i]] === 'object') hashValue(row[keys[i]], keys[i])
  return 0
}

/** One row to each receiver in turn. `first`: where it begins, so that not all senders begin with the same. */
export function roundRobinRouter(receivers: number, first: number): Router {
  let at = first
  return () => at++ % receivers
}

/** Everything goes to the only receiver. */
export const gatherRouter: Router = () => 0
