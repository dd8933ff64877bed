import { placed } from '../../base/placed.js'
import type { Slice } from '../../base/slice.js'
import { type Key, keyOfRow } from '../../columnar/key.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { FirstRows } from './first-rows.js'
import { HeldRows } from './held-rows.js'
import { KeyIndex } from './key-index.js'
import { SizeMeter } from './size-meter.js'

/** What a key takes beside its rows and its name, in bytes. */
const KEY_BYTES = 160

/** Which rows are wanted. */
export interface TopPerKey {
  readonly keys: readonly string[]
  readonly compare: (a: Row, b: Row) => number
  /** Of each key. */
  readonly rows: number
  /** Stage and operator, for errors. */
  readonly where: string
}

export interface TopPerKeyPlace {
  readonly budgetBytes: number
  /** Whether it may hand out what it has before the input has ended, because the same is asked of its rows once more behind it. */
  readonly mayForget: boolean
  /** The same by sorting, for what exceeds the budget; undefined: that is an error. */
  readonly sorted: ((input: Cursor<Row>) => Cursor<Row>) | undefined
  readonly slice: Slice
}

/** Keeps the first rows of each key until the input ends; where they have no room it becomes a sort, which has the disk. */
export class TopPerKeyCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #wanted: TopPerKey
  readonly #place: TopPerKeyPlace
  readonly #meter: SizeMeter
  readonly #index = new KeyIndex()
  readonly #oneKey: Key[] = [null]
  readonly #oneNumber: Int32Array = new Int32Array(1)
  #groups: FirstRows[] = []
  /** Rows of the key at hand, the first one last. */
  #given: Row[] = []
  #phase: 'fill' | 'emit' = 'fill'
  #hasEnded = false
  /** What goes on in place of all this. */
  #instead: Cursor<Row> | undefined

  constructor(input: Cursor<Row>, wanted: TopPerKey, place: TopPerKeyPlace) {
    this.#input = input
    this.#wanted = wanted
    this.#place = place
    this.#meter = new SizeMeter(wanted.where, place.budgetBytes)
  }

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      if (this.#instead !== undefined) return this.#instead.next()
      if (this.#phase === 'fill') {
        if (!this.#filled()) return PAUSE
        if (this.#instead !== undefined) continue
        this.#phase = 'emit'
      }
      const row = this.#given.pop() ?? this.#nextKey()
      if (row !== undefined) return row
      if (this.#hasEnded) return END
      this.#clear()
      this.#phase = 'fill'
    }
  }

  close(): void {
    this.#hasEnded = true
    this.#phase = 'emit'
    this.#clear()
    this.#instead?.close()
    this.#input.close()
  }

  #filled(): boolean {
    const { slice } = this.#place
    for (;;) {
      const row = this.#input.next()
      if (row === PAUSE) return false
      if (row === END) {
        this.#hasEnded = true
        return true
      }
      this.#offer(row)
      if (this.#isOver && this.#full()) return true
      if (slice.over()) return false
    }
  }

  #offer(row: Row): void {
    const { keys, compare, rows, where } = this.#wanted
    try {
      this.#oneKey[0] = keyOfRow(row, keys)
    } catch (error) {
      throw placed(error, where)
    }
    this.#index.find(this.#oneKey, 1, this.#oneNumber)
    const number = this.#oneNumber[0]
    this.#groups[number] ??= new FirstRows(compare, rows)
    if (this.#groups[number].offer(row)) this.#meter.add(row)
  }

  get #isOver(): boolean {
    return this.#meter.bytes + this.#extraBytes > this.#place.budgetBytes
  }

  get #extraBytes(): number {
    return this.#index.bytes + this.#groups.length * KEY_BYTES
  }

  /** True: goes on otherwise than by taking rows in. */
  #full(): boolean {
    const { mayForget, sorted } = this.#place
    if (mayForget) return true
    if (sorted === undefined) throw this.#meter.exceeded(this.#extraBytes)
    const held = this.#groups.flatMap((group) => group.takeAll())
    this.#clear()
    this.#instead = sorted(new HeldRows(held, this.#input))
    return true
  }

  #nextKey(): Row | undefined {
    const group = this.#groups.pop()
    while (group !== undefined && group.size > 0) this.#given.push(group.popLast())
    return this.#given.pop()
  }

  #clear(): void {
    this.#groups = []
    this.#given = []
    this.#index.clear()
    this.#meter.clear()
  }
}
