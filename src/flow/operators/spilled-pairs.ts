import { hashRow } from '../../columnar/hash.js'
import type { Row } from '../../columnar/schema.js'
import { keepRow } from './keep.js'
import type { Overflow } from './overflow.js'
import { partOf } from './spilled-parts.js'
import type { SpilledRows } from './spilled-rows.js'

type Side = 'left' | 'right'

/** The rows of both sides whose keys have one hash, at one level. */
export interface Pair {
  readonly level: number
  left?: SpilledRows
  right?: SpilledRows
}

/** Rows of a join on disk, those of both sides spread alike by the hash of their keys. What of a pair is too much is spread again. */
export class SpilledPairs {
  readonly #overflow: Overflow
  readonly #keys: Readonly<Record<Side, readonly string[]>>
  #open: (Pair | undefined)[] = []
  #level = 0
  #waiting: Pair[] = []
  #reading: Pair | undefined

  constructor(overflow: Overflow, keys: Readonly<Record<Side, readonly string[]>>) {
    this.#overflow = overflow
    this.#keys = keys
  }

  /** What a table of right rows may take. */
  get keptBytes(): number {
    return this.#overflow.keptBytes
  }

  /** How often the rows that come now were spread. */
  get level(): number {
    return this.#level
  }

  /** Throws what `SpilledRows` throws. */
  add(side: Side, row: Row): void {
    const part = partOf(hashRow(row, this.#keys[side]), this.#level)
    this.#open[part] ??= { level: this.#level + 1 }
    const pair = this.#open[part]
    pair[side] ??= this.#overflow.open()
    pair[side].add(keepRow(row))
  }

  /** After the last rows of a pair, or of the inputs: the pair to be joined next, to be read; undefined: there is none. Throws `SpillFailed`. */
  take(): Pair | undefined {
    this.#closeReading()
    for (const pair of this.#open) if (pair !== undefined) this.#waiting.push(pair)
    this.#open = []
    const pair = this.#waiting.pop()
    this.#reading = pair
    if (pair === undefined) return undefined
    this.#level = pair.level
    pair.left?.end()
    pair.right?.end()
    return pair
  }

  close(): void {
    this.#closeReading()
    for (const pair of [...this.#open, ...this.#waiting]) closePair(pair)
    this.#open = []
    this.#waiting = []
  }

  #closeReading(): void {
    closePair(this.#reading)
    this.#reading = undefined
  }
}

function closePair(pair: Pair | undefined): void {
  pair?.left?.close()
  pair?.right?.close()
}
