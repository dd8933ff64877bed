import type { Block } from '../columnar/block.js'
import { hashRow, hashRows, hashValue } from '../columnar/hash.js'
import type { Row } from '../columnar/schema.js'
import { WholeKeys } from '../columnar/whole-keys.js'

/** Which of an exchange's receivers gets a row: its index among them. */
export interface Router {
  (row: Row): number
  /** The same for the rows of a block from an index on, up to but not with another: that of the first goes to `receivers[0]`; undefined: it looks at whole rows. */
  readonly ofBlock?: (block: Block, from: number, to: number, receivers: Uint32Array) => void
}

/** Who gets a row: one receiver, or every one of them. */
export type Route = Router | 'broadcast'

/** Rows of equal keys meet at the same receiver; without keys, equal rows. The router throws `ColumnType`. */
export function hashRouter(keys: readonly string[], receivers: number): Router {
  if (keys.length > 0) {
    // What cannot be a key is refused, however many receivers there are.
    const ofRow = (row: Row): number => hashRow(row, keys) % receivers
    return Object.assign(receivers === 1 ? (row: Row) => onlyOne(row, keys) : ofRow, {
      ofBlock: (block: Block, from: number, to: number, found: Uint32Array) => {
        const columns = keys.map((key) => block.named(key) ?? [])
        hashRows(columns, keys, from, to, found)
        for (let i = 0; i < to - from; i++) found[i] %= receivers
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

/** One row, or an even share of the rows of a block, to each receiver in turn. `first`: where it begins, so that not all senders begin with the same. */
export function roundRobinRouter(receivers: number, first: number): Router {
  let at = first
  const next = (): number => at++ % receivers
  return Object.assign(next, {
    ofBlock: (_block: Block, from: number, to: number, found: Uint32Array) => {
      const rows = to - from
      // However few there are: each may cost its receiver much.
      const each = Math.ceil(rows / receivers)
      for (let at = 0; at < rows; at += each) found.fill(next(), at, Math.min(rows, at + each))
    },
  })
}

/** Everything goes to the only receiver. */
export const gatherRouter: Router = Object.assign(() => 0, {
  ofBlock: (_block: Block, from: number, to: number, found: Uint32Array) => {
    found.fill(0, 0, to - from)
  },
})
