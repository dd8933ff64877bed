import { placed } from '../../base/placed.js'
import type { Slice } from '../../base/slice.js'
import { hashValue } from '../../columnar/hash.js'
import type { Key } from '../../columnar/key.js'
import type { Row } from '../../columnar/schema.js'
import { WholeKeys } from '../../columnar/whole-keys.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { KeyIndex } from './key-index.js'
import type { Overflow } from './overflow.js'
import { budgetError } from './size-meter.js'
import { SpilledParts } from './spilled-parts.js'

export interface DistinctPlace {
  /** Stage and operator, for errors. */
  readonly where: string
  readonly budgetBytes: number
  /** Whether it may forget what it has seen, because the same is asked of its rows once more behind it. */
  readonly mayForget: boolean
  /** Where rows go that are new when it has no room; undefined: they are an error. */
  readonly overflow?: Overflow | undefined
}

/** Lets each row pass once, as soon as it comes. Where it has no room, rows that it has not seen go to disk, in parts that are read later. */
export class DistinctCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  /** What is read now: the input, then parts of what went to disk. */
  #source: Cursor<Row>
  readonly #place: DistinctPlace
  readonly #budgetBytes: number
  readonly #parts: SpilledParts | undefined
  readonly #slice: Slice
  readonly #keys = new WholeKeys()
  readonly #seen = new KeyIndex()
  #isFull = false
  readonly #oneKey: Key[] = ['']
  readonly #oneNumber: Int32Array = new Int32Array(1)

  constructor(input: Cursor<Row>, place: DistinctPlace, slice: Slice) {
    this.#input = input
    this.#source = input
    this.#place = place
    this.#parts = place.overflow && new SpilledParts(place.overflow, (row) => hashValue(this.#keyOf(row)))
    this.#budgetBytes = this.#parts?.keptBytes ?? place.budgetBytes
    this.#slice = slice
  }

  /** Throws `OperatorBudget`, `ColumnType`. */
  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      const row = this.#source.next()
      if (row === END) {
        if (!this.#nextPart()) return END
      } else if (row === PAUSE || this.#isNew(row)) return row
      if (this.#slice.over()) return PAUSE
    }
  }

  close(): void {
    this.#seen.clear()
    this.#parts?.close()
    this.#source = this.#input
    this.#input.close()
  }

  #nextPart(): boolean {
    const part = this.#parts?.take()
    if (part === undefined) return false
    this.#seen.clear()
    this.#isFull = false
    this.#source = part
    return true
  }

  #isNew(row: Row): boolean {
    this.#oneKey[0] = this.#keyOf(row)
    if (this.#isFull) {
      this.#seen.seek(this.#oneKey, 1, this.#oneNumber)
      if (this.#oneNumber[0] < 0) this.#parts?.add(row)
      return false
    }
    const { size } = this.#seen
    this.#seen.find(this.#oneKey, 1, this.#oneNumber)
    if (this.#oneNumber[0] < size) return false
    if (this.#seen.bytes > this.#budgetBytes) this.#full()
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
    const { where, mayForget } = this.#place
    if (mayForget) this.#seen.clear()
    else if (this.#parts === undefined) throw budgetError(where, this.#seen.bytes, this.#budgetBytes)
    else this.#isFull = true
  }
}
