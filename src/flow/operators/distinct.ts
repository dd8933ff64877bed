import { placed } from '../../base/placed.js'
import type { Slice } from '../../base/slice.js'
import type { Key } from '../../columnar/key.js'
import type { Row } from '../../columnar/schema.js'
import { WholeKeys } from '../../columnar/whole-keys.js'
import { type Cursor, type END, PAUSE } from './cursor.js'
import { KeyIndex } from './key-index.js'
import { budgetError } from './size-meter.js'

export interface DistinctPlace {
  /** Stage and operator, for errors. */
  readonly where: string
  readonly budgetBytes: number
  /** Whether it may forget what it has seen, because the same is asked of its rows once more behind it. */
  readonly mayForget: boolean
}

/** Lets each row pass once, as soon as it comes. */
export class DistinctCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #place: DistinctPlace
  readonly #slice: Slice
  readonly #keys = new WholeKeys()
  readonly #seen = new KeyIndex()
  readonly #oneKey: Key[] = ['']
  readonly #oneNumber: Int32Array = new Int32Array(1)

  constructor(input: Cursor<Row>, place: DistinctPlace, slice: Slice) {
    this.#input = input
    this.#place = place
    this.#slice = slice
  }

  /** Throws `OperatorBudget`, `ColumnType`. */
  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      const row = this.#input.next()
      if (typeof row === 'symbol' || this.#isNew(row)) return row
      if (this.#slice.over()) return PAUSE
    }
  }

  close(): void {
    this.#seen.clear()
    this.#input.close()
  }

  #isNew(row: Row): boolean {
    const { size } = this.#seen
    this.#oneKey[0] = this.#keyOf(row)
    this.#seen.find(this.#oneKey, 1, this.#oneNumber)
    if (this.#oneNumber[0] < size) return false
    if (this.#seen.bytes > this.#place.budgetBytes) this.#full()
    return true
  }

  #keyOf(row: Row): string {
    try {
      return this.#keys.of(row)
    } catch (error) {
      throw placed(error, this.#place.where)
    }
  }

  #full(): void {
    const { where, budgetBytes, mayForget } = this.#place
    if (!mayForget) throw budgetError(where, this.#seen.bytes, budgetBytes)
    this.#seen.clear()
  }
}
