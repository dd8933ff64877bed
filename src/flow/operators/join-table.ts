import { MillraceError } from '../../base/errors.js'
import { placed } from '../../base/placed.js'
import { isBytes } from '../../columnar/bytes.js'
import { dateMs } from '../../columnar/date.js'
import { type Key, keyOfRow } from '../../columnar/key.js'
import { rowOfNulls } from '../../columnar/row-template.js'
import type { Row } from '../../columnar/schema.js'
import { refuseProto } from '../aggregates.js'
import { keepRow } from './keep.js'
import { KeyIndex } from './key-index.js'
import { SizeMeter } from './size-meter.js'

export interface JoinTableOptions {
  /** The columns of the right rows by which they are found. */
  readonly keys: readonly string[]
  /** Whether the rows are wanted, or only whether there is one. */
  readonly keepsRows: boolean
  /** Ends the names of their columns in the result. */
  readonly suffix: string
  /** Stage and operator, for errors. */
  readonly where: string
  readonly budgetBytes: number
}

/** The columns of joined rows. */
interface JoinedShape {
  /** Those of the left row. */
  readonly names: readonly string[]
  /** Those of the right row, there and here. */
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** A row of them all. */
  readonly nulls: Row
}

/** The right rows of a join, by their keys. A key with a null in it is equal to none, as in SQL: such rows are left out. */
export class JoinTable {
  readonly #options: JoinTableOptions
  readonly #index = new KeyIndex()
  readonly #meter: SizeMeter
  readonly #oneKey: Key[] = [null]
  readonly #oneNumber: Int32Array = new Int32Array(1)
  /** By number of the key: its first and last row. */
  #first: number[] = []
  #last: number[] = []
  /** By row: the next one of the same key, -1 where there is none. */
  #next: number[] = []
  #rows: Row[] = []
  /** The columns that the result gets of the right rows: what they are called there and here. */
  readonly #columns = new Map<string, string>()
  #shape: JoinedShape | undefined
  /** What the values of each key are, once there is one. */
  readonly #kinds: (string | undefined)[]

  constructor(options: JoinTableOptions) {
    this.#options = options
    this.#meter = new SizeMeter(options.where, options.budgetBytes)
    this.#kinds = options.keys.map(() => undefined)
  }

  get isEmpty(): boolean {
    return this.#index.size === 0
  }

  /** Whether it keeps more than its budget. */
  get isOver(): boolean {
    return this.#meter.bytes + this.#index.bytes > this.#options.budgetBytes
  }

  /** `OperatorBudget`. */
  exceeded(): MillraceError {
    return this.#meter.exceeded(this.#index.bytes)
  }

  /** Takes a right row. Throws `ColumnType`. */
  add(row: Row): void {
    if (!this.learn(row)) return
    const before = this.#index.size
    this.#find(row, this.#options.keys)
    const number = this.#oneNumber[0]
    if (this.#options.keepsRows) this.#keep(row, number, number === before)
  }

  /** What a right row tells of all of them, without keeping it. False: it can have no match. */
  learn(row: Row): boolean {
    const { keys, keepsRows } = this.#options
    if (keepsRows) this.#learnColumns(row)
    for (let i = 0; i < keys.length; i++) {
      const value = row[keys[i]]
      if (value === null || value === undefined) return false
      this.#kinds[i] ??= kindOf(value)
    }
    return true
  }

  /** Whether a right row's key is here. */
  has(row: Row): boolean {
    return this.#seek(row, this.#options.keys) >= 0
  }

  /** Takes one of the right rows out, in no order; then it serves no look-ups until it is cleared. */
  takeRow(): Row | undefined {
    return this.#rows.pop()
  }

  /** Whether a left row may have a match: no key is null. Throws `ColumnType` where keys are of another type on the right. */
  canMatch(row: Row, keys: readonly string[]): boolean {
    for (let i = 0; i < keys.length; i++) {
      const value = row[keys[i]]
      if (value === null || value === undefined) return false
      const expected = this.#kinds[i]
      if (expected !== undefined && kindOf(value) !== expected) throw this.#unlike(keys[i], kindOf(value), i)
    }
    return true
  }

  /** The number of the key that these columns of a left row have; -1 where no right row has it. */
  seek(row: Row, keys: readonly string[]): number {
    return this.canMatch(row, keys) ? this.#seek(row, keys) : -1
  }

  /** The first right row with this key. */
  firstOf(number: number): number {
    return this.#first[number]
  }

  /** The next one with the same key; -1 where there is none. */
  after(at: number): number {
    return this.#next[at]
  }

  /** A left row with the columns of a right one, or with nulls for -1. Throws `ColumnClash`. */
  joined(left: Row, at: number): Row {
    const { names, from, to, nulls } = this.#shapeOf(left)
    const row: Row = { ...nulls }
    for (let i = 0; i < names.length; i++) row[names[i]] = left[names[i]]
    if (at < 0) return row
    const right = this.#rows[at]
    for (let i = 0; i < from.length; i++) row[to[i]] = right[from[i]] ?? null
    return row
  }

  clear(): void {
    this.#index.clear()
    this.#first = []
    this.#last = []
    this.#next = []
    this.#rows = []
    this.#meter.clear()
  }

  #keyOf(row: Row, keys: readonly string[]): Key {
    try {
      return keyOfRow(row, keys)
    } catch (error) {
      throw placed(error, this.#options.where)
    }
  }

  #keep(row: Row, number: number, isNew: boolean): void {
    const at = this.#rows.push(keepRow(row)) - 1
    this.#next.push(-1)
    if (isNew) this.#first[number] = at
    else this.#next[this.#last[number]] = at
    this.#last[number] = at
    this.#meter.add(row)
  }

  #find(row: Row, keys: readonly string[]): void {
    this.#oneKey[0] = this.#keyOf(row, keys)
    this.#index.find(this.#oneKey, 1, this.#oneNumber)
  }

  #seek(row: Row, keys: readonly string[]): number {
    this.#oneKey[0] = this.#keyOf(row, keys)
    this.#index.seek(this.#oneKey, 1, this.#oneNumber)
    return this.#oneNumber[0]
  }

  #learnColumns(row: Row): void {
    for (const column in row) {
      if (this.#columns.has(column) || this.#options.keys.includes(column)) continue
      const to = `${column}${this.#options.suffix}`
      refuseProto(to, this.#options.where)
      this.#columns.set(column, to)
      this.#shape = undefined
    }
  }

  /** Rows that follow each other mostly have the same columns. */
  #shapeOf(left: Row): JoinedShape {
    const names = Object.keys(left)
    const last = this.#shape
    if (last !== undefined && names.length === last.names.length && names.every((name, i) => name === last.names[i])) return last
    const from = [...this.#columns.keys()]
    const to = [...this.#columns.values()]
    for (const column of to) if (Object.hasOwn(left, column)) throw this.#clash(column)
    this.#shape = { names, from, to, nulls: rowOfNulls([...names, ...to]) }
    return this.#shape
  }

  #clash(column: string): MillraceError {
    const cure = this.#options.suffix === '' ? 'give a suffix for the columns of the right side' : 'give another suffix'
    return new MillraceError('ColumnClash', `${this.#options.where}: both sides have a column "${column}": ${cure}, or rename it in a map`)
  }

  #unlike(key: string, kind: string, index: number): MillraceError {
    const { where, keys } = this.#options
    return new MillraceError(
      'ColumnType',
      `${where}: the key "${key}" is ${kind} on the left, and "${keys[index]}" is ${this.#kinds[index]} on the right: they are never equal; convert one in a map`,
    )
  }
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object') return `a ${typeof value}`
  if (dateMs(value) !== undefined) return 'a Date'
  return isBytes(value) ? 'bytes' : 'an object'
}
