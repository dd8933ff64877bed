import type { Spill } from '../../exchange/spill.js'
import { SpilledRows } from './spilled-rows.js'

const CHUNK_BYTES_MIN = 0x1000
const CHUNK_BYTES_MAX = 0xc000
/** What an operator takes at least, however small its budget, before it goes to disk: runs of single rows would only cost time. */
const KEPT_BYTES_MIN = 0x1_0000
/** So many chunks are a budget, so that several files can be written or read at once. */
const CHUNKS = 128

/** Where one operator's rows go that exceed its budget. */
export class Overflow {
  /** What it may keep before it goes to disk. */
  readonly keptBytes: number
  readonly #spill: Spill
  readonly #where: string
  readonly #chunkBytes: number

  /** `where` begins messages: stage and operator. */
  constructor(spill: Spill, where: string, budgetBytes: number) {
    this.#spill = spill
    this.#where = where
    this.keptBytes = Math.max(KEPT_BYTES_MIN, budgetBytes)
    this.#chunkBytes = Math.min(CHUNK_BYTES_MAX, Math.max(CHUNK_BYTES_MIN, budgetBytes / CHUNKS))
  }

  open(): SpilledRows {
    return new SpilledRows(this.#spill, this.#where, this.#chunkBytes)
  }
}
