import type { Block } from '../columnar/block.js'
import { hashAt, hashRow, hashValue } from '../columnar/hash.js'
import type { Row } from '../columnar/schema.js'
import { WholeKeys } from '../columnar/whole-keys.js'

/** Which of an exchange's receivers gets a row: its index among them. */
export interface Router {
  (row: Row): number
  /** The same for rows of a block, by their index; undefined: it looks at whole rows. */
  readonly ofBlock?: (block: Block) => (index: number) => number
}

/** Who gets a row: one receiver, or every one of them. */
export type Route = Router | 'broadcast'

/** Rows of equal keys meet at the same receiver; without keys, equal rows. The router throws `ColumnType`. */
export function hashRouter(keys: readonly string[], receivers: number): Router {
  if (keys.length > 0) {
    // What cannot be a key is refused, however many receivers there are.
    const ofRow = (row: Row): number => hashRow(row, keys) % receivers
    return Object.assign(receivers === 1 ? (row: Row) => onlyOne(row, keys) : ofRow, {
      ofBlock: (block: Block) => {
        const columns = keys.map((key) => block.named(key) ?? [])
        return (index: number) => hashAt(columns, index, keys) % receivers
      },
    })
  }
  if (receivers === 1) return gatherRouter
  const whole = new WholeKeys()
  return (row) => hashValue(whole.of(row)) % receivers
}

function onlyOne(row: Row, keys: readonly string[]): number {
  for (let i = 0; i < keys.length; i++) if (typeof row[keys[i]] === 'object') hashValue(row[keys[i]], keys[i])
  return 0
}

/** One row, or some rows of a block, to each receiver in turn. `first`: where it begins, so that not all senders begin with the same. */
export function roundRobinRouter(receivers: number, first: number): Router {
  let at = first
  const next = (): number => at++ % receivers
  return Object.assign(next, {
    ofBlock: () => {
      const receiver = next()
      return () => receiver
    },
  })
}

/** Everything goes to the only receiver. */
export const gatherRouter: Router = Object.assign(() => 0, { ofBlock: () => () => 0 })
