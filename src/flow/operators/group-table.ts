import { placed } from '../../base/placed.js'
import { detach } from '../../columnar/detach.js'
import { type Key, keyOfRow } from '../../columnar/key.js'
import type { Row } from '../../columnar/schema.js'
import type { Accumulator, Reading } from './accumulator.js'
import { KEYS_AT_ONCE, KeyIndex } from './key-index.js'
import { valueBytes } from './size-meter.js'

/** Rows whose states may be large are not left to wait for long. */
const GROWING_AT_ONCE = 16

/** What waits to be looked up: of each row its key, the values of the key columns, and either the values to add or the row to merge. */
interface Pending {
  readonly keys: Key[]
  readonly keyValues: unknown[][]
  readonly values: unknown[][]
  /** Of the second columns. */
  readonly bys: unknown[][]
  readonly rows: Row[]
}

/**
 * The groups of a groupBy: numbered as they appear; key columns and accumulators are arrays over that number. The column of a single
 * key is the key itself, but for values that need a stand-in, such as Dates. Rows are looked up many at once: those that were taken
 * since count from `settle` on, or when enough are together. Of a row that is added only values are kept: its maker may change it.
 */
export class GroupTable {
  readonly #keys: readonly string[]
  /** The column of each accumulator, '' where it reads none. */
  readonly #columns: readonly string[]
  /** Its second column, '' where it reads none. */
  readonly #bys: readonly string[]
  readonly #accumulators: readonly Accumulator[]
  readonly #wholeRows: readonly boolean[]
  /** Those whose groups grow with their values. */
  readonly #growing: readonly Accumulator[]
  readonly #groupBytes: number
  readonly #mergedAtOnce: number
  readonly #where: string
  readonly #index = new KeyIndex()
  /** Of several keys, each one's values. */
  #keyColumns: unknown[][]
  /** Of a single key, the values that are not their own key. */
  #standIns: Map<number, unknown> = new Map()
  #keyBytes = 0
  #pending: Pending
  #pendingRows = 0
  #leftOut: ((row: Row) => void) | undefined
  readonly #groups: Int32Array = new Int32Array(KEYS_AT_ONCE)

  constructor(keys: readonly string[], readings: readonly Reading[], where: string) {
    this.#keys = keys
    this.#where = where
    this.#columns = readings.map(({ column }) => column)
    this.#bys = readings.map(({ by }) => by)
    this.#keyColumns = keys.map(() => [])
    this.#pending = this.#noRows()
    const prefix = statePrefix(keys)
    this.#accumulators = readings.map(({ make }, i) => make({ where, state: `${prefix}${i}.` }))
    this.#wholeRows = this.#accumulators.map(({ takesRows }) => takesRows === true)
    this.#growing = this.#accumulators.filter(({ grownBytes }) => grownBytes !== undefined)
    this.#mergedAtOnce = this.isGrowing ? GROWING_AT_ONCE : KEYS_AT_ONCE
    this.#groupBytes = this.#accumulators.reduce((bytes, accumulator) => bytes + accumulator.groupBytes, 0)
  }

  /** Groups so far, but for those of rows that wait to be looked up. */
  get size(): number {
    return this.#index.size
  }

  /** What the groups take, in bytes, estimated. */
  get bytes(): number {
    let grown = 0
    for (const { grownBytes = 0 } of this.#growing) grown += grownBytes
    return this.#index.size * this.#groupBytes + this.#index.bytes + this.#keyBytes + grown
  }

  /** Whether it takes more room with rows of the groups it has, too. */
  get isGrowing(): boolean {
    return this.#growing.length > 0
  }

  /** Takes a row of a stage function. A table takes rows either to add or to merge. */
  add(row: Row): void {
    const at = this.#takeKey(row)
    const { values, bys } = this.#pending
    for (let i = 0; i < values.length; i++) {
      if (this.#columns[i] !== '') values[i][at] = row[this.#columns[i]]
      else if (this.#wholeRows[i]) values[i][at] = { ...row }
      if (this.#bys[i] !== '') bys[i][at] = row[this.#bys[i]]
    }
    if (this.#pendingRows === KEYS_AT_ONCE) this.#settle('add')
  }

  /** Takes a row of a partial half: nobody changes it. */
  merge(row: Row): void {
    this.#pending.rows[this.#takeKey(row)] = row
    if (this.#pendingRows === this.#mergedAtOnce) this.#settle('merge')
  }

  /** From now on no group is added: rows to merge whose key is new are handed out instead, until the table is cleared. */
  freeze(leftOut: (row: Row) => void): void {
    this.#leftOut = leftOut
  }

  /** All rows that were taken count. */
  settle(): void {
    if (this.#pendingRows > 0) this.#settle(this.#pending.rows.length > 0 ? 'merge' : 'add')
  }

  partialRow(group: number): Row {
    const row = this.#keyRow(group)
    for (const accumulator of this.#accumulators) accumulator.writePartial(group, row)
    return row
  }

  finalRow(group: number): Row {
    const row = this.#keyRow(group)
    for (const accumulator of this.#accumulators) accumulator.writeFinal(group, row)
    return row
  }

  clear(): void {
    this.#index.clear()
    this.#keyColumns = this.#keys.map(() => [])
    this.#standIns = new Map()
    this.#keyBytes = 0
    this.#pending = this.#noRows()
    this.#pendingRows = 0
    this.#leftOut = undefined
    for (const accumulator of this.#accumulators) accumulator.clear()
  }

  #noRows(): Pending {
    return { keys: [], keyValues: this.#keys.map(() => []), values: this.#columns.map(() => []), bys: this.#bys.map(() => []), rows: [] }
  }

  /** Returns its place among the rows that wait. */
  #takeKey(row: Row): number {
    const { keys, keyValues } = this.#pending
    const key = this.#keyOf(row)
    const at = this.#pendingRows++
    keys[at] = key
    for (let i = 0; i < keyValues.length; i++) keyValues[i][at] = row[this.#keys[i]]
    return at
  }

  #settle(how: 'add' | 'merge'): void {
    if (this.#leftOut !== undefined) {
      this.#mergeKnown(this.#leftOut)
      return
    }
    const { keys, values, bys, rows } = this.#pending
    const count = this.#pendingRows
    const groups = this.#groups
    let next = this.#index.size
    this.#pendingRows = 0
    this.#index.find(keys, count, groups)
    for (let at = 0; at < count; at++) if (groups[at] === next) this.#open(next++, at)
    for (let i = 0; i < this.#accumulators.length; i++) {
      const accumulator = this.#accumulators[i]
      if (how === 'merge') for (let at = 0; at < count; at++) accumulator.merge(groups[at], rows[at])
      else for (let at = 0; at < count; at++) accumulator.add(groups[at], values[i][at], bys[i][at])
    }
  }

  #mergeKnown(leftOut: (row: Row) => void): void {
    const { keys, rows } = this.#pending
    const count = this.#pendingRows
    const groups = this.#groups
    this.#pendingRows = 0
    this.#index.seek(keys, count, groups)
    for (let at = 0; at < count; at++) {
      if (groups[at] < 0) leftOut(rows[at])
      else for (const accumulator of this.#accumulators) accumulator.merge(groups[at], rows[at])
    }
  }

  #keyOf(row: Row): Key {
    try {
      return keyOfRow(row, this.#keys)
    } catch (error) {
      throw placed(error, this.#where)
    }
  }

  #open(group: number, at: number): void {
    const { keys, keyValues } = this.#pending
    if (keyValues.length > 1) for (let i = 0; i < keyValues.length; i++) this.#keyColumns[i].push(this.#keep(keyValues[i][at]))
    else if (keyValues[0][at] !== keys[at]) this.#standIns.set(group, this.#keep(keyValues[0][at]))
    for (const accumulator of this.#accumulators) accumulator.open()
  }

  #keep(value: unknown): unknown {
    const kept = detach(value ?? null)
    this.#keyBytes += 8 + valueBytes(kept, 0)
    return kept
  }

  #keyRow(group: number): Row {
    const row: Row = {}
    if (this.#keys.length === 1) row[this.#keys[0]] = this.#standIns.has(group) ? this.#standIns.get(group) : this.#index.keyOf(group)
    else for (let i = 0; i < this.#keys.length; i++) row[this.#keys[i]] = this.#keyColumns[i][group]
    return row
  }
}

/** Begins the names of state columns so that none can be a key. */
function statePrefix(keys: readonly string[]): string {
  let prefix = '~'
  while (keys.some((key) => key.startsWith(prefix))) prefix += '~'
  return prefix
}
