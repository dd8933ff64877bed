import type { Row } from '../../columnar/schema.js'
import { keepRow } from './keep.js'
import type { Overflow } from './overflow.js'
import type { SpilledRows } from './spilled-rows.js'

/** So many parts for each level. */
const PARTS = 16

interface Part {
  readonly rows: SpilledRows
  readonly level: number
}

/**
 * Rows of a groupBy or a distinct on disk, spread over parts by a hash, so that all rows of a group are in one part. What of a part
 * is too much again is spread by another hash, one level down. A part is smaller than what it came from by the groups that had room.
 */
export class SpilledParts {
  readonly #overflow: Overflow
  readonly #hashOf: (row: Row) => number
  #open: (SpilledRows | undefined)[] = []
  #level = 0
  /** Those that wait to be read: the last first, so that few are there at once. */
  #waiting: Part[] = []
  #reading: SpilledRows | undefined

  /** `hashOf`: equal for rows of one group, at least. */
  constructor(overflow: Overflow, hashOf: (row: Row) => number) {
    this.#overflow = overflow
    this.#hashOf = hashOf
  }

  /** What a table of groups may take. */
  get keptBytes(): number {
    return this.#overflow.keptBytes
  }

  /** How often the rows that come now were spread. */
  get level(): number {
    return this.#level
  }

  /** Throws what `SpilledRows` throws. */
  add(row: Row): void {
    const part = partOf(this.#hashOf(row), this.#level)
    let rows = this.#open[part]
    if (rows === undefined) {
      rows = this.#overflow.open()
      this.#open[part] = rows
    }
    rows.add(keepRow(row))
  }

  /** After the last row of a part, or of the input: the part to be grouped next; undefined: there is none. Throws `SpillFailed`. */
  take(): SpilledRows | undefined {
    this.#endOpen()
    const part = this.#waiting.pop()
    this.#reading = part?.rows
    if (part === undefined) return undefined
    this.#level = part.level
    part.rows.end()
    return part.rows
  }

  close(): void {
    for (const rows of [...this.#open, ...this.#waiting.map(({ rows }) => rows), this.#reading]) rows?.close()
    this.#open = []
    this.#waiting = []
    this.#reading = undefined
  }

  #endOpen(): void {
    for (const rows of this.#open) if (rows !== undefined) this.#waiting.push({ rows, level: this.#level + 1 })
    this.#open = []
  }
}

/** Another spread for each level: the finalizer of MurmurHash3 over the hash and the level. */
export function partOf(hash: number, level: number): number {
  let mixed = (hash ^ Math.imul(level + 1, 0x9e37_79b9)) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) % PARTS
}
