import type { Block } from '../columnar/block.js'
import { hashRow, hashRows, hashValue } from '../columnar/hash.js'
import type { Row } from '../columnar/schema.js'
import { WholeKeys } from '../columnar/whole-keys.js'

/** Which of an exchange's receivers gets a row: its index among them. */
export interface Router {
  (row: Row): number
  /** The same for the rows of a block from an index on, up to but not with another: that of the first goes to `receivers[0]`; undefined: it looks at whole rows. */
  readonly ofBlock?: (block: Block, from: number, to: number, receivers: Uint32Array) => void
  /** Told before the first row what to ask for the bytes that wait for a receiver; infinite where that wants no more. */
  readonly watch?: (backlogOf: (receiver: number) => number) => void
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
        allOfHash(found, to - from, receivers)
      },
    })
  }
  if (receivers === 1) return gatherRouter
  const whole = new WholeKeys()
  return (row) => hashValue(whole.of(row)) % receivers
}

/**
 * The modulo of each. A function of its own, for one made with each router begins each time as slow as new code is; with shifts, for what
 * is not known to be unsigned is divided as a float, in ten times as long.
 */
function allOfHash(hashes: Uint32Array, count: number, receivers: number): void {
  for (let i = 0; i < count; i++) hashes[i] = (hashes[i] >>> 0) % (receivers >>> 0)
}

function onlyOne(row: Row, keys: readonly string[]): number {
  for (let i = 0; i < keys.length; i++) if (typeof row[keys[i]] === 'object') hashValue(row[keys[i]], keys[i])
  return 0
}

/** More than a batch: a receiver for which so many bytes more wait than for another has fallen behind. */
const BEHIND_BYTES = 0x1_0000
/** Rows that are dealt one by one before it is looked again at who has fallen behind. */
const ROWS_BETWEEN_LOOKS = 256

/**
 * One row, or an even share of the rows of a block, to each receiver in turn, but for those that have fallen behind: where a row takes one receiver
 * longer than another, or it has more to do beside, they end together. `first`: where it begins, so that not all senders begin with the same.
 */
export function roundRobinRouter(receivers: number, first: number): Router {
  let at = first
  let left = 0
  let backlogOf = (_receiver: number): number => 0
  const isBehind = Array.from({ length: receivers }, () => false)
  const look = (): number => {
    const backlogs = isBehind.map((_behind, receiver) => backlogOf(receiver))
    const least = Math.min(...backlogs)
    for (let receiver = 0; receiver < receivers; receiver++) isBehind[receiver] = backlogs[receiver] > least + BEHIND_BYTES
    return isBehind.filter((behind) => !behind).length
  }
  const next = (): number => {
    let receiver = at++ % receivers
    while (isBehind[receiver]) receiver = at++ % receivers
    return receiver
  }
  const ofRow = (): number => {
    if (left === 0) {
      look()
      left = ROWS_BETWEEN_LOOKS
    }
    left--
    return next()
  }
  return Object.assign(ofRow, {
    watch: (asked: (receiver: number) => number) => {
      backlogOf = asked
    },
    ofBlock: (_block: Block, from: number, to: number, found: Uint32Array) => {
      const rows = to - from
      // However few there are: each may cost its receiver much.
      const each = Math.ceil(rows / look())
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
