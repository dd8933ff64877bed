import { unreachable } from '../../base/assert.js'
import { detach } from '../../columnar/detach.js'
import { type Key, keyOfRow } from '../../columnar/key.js'
import type { Row } from '../../columnar/schema.js'
import type { AggregatePlan } from '../plan.js'
import type { Accumulator, AccumulatorPlace } from './accumulator.js'
import { placed } from './compare.js'
import { CountAccumulator } from './count.js'
import { ExtremeAccumulator } from './extreme.js'
import { KeyIndex } from './key-index.js'
import { valueBytes } from './size-meter.js'
import { SumAccumulator } from './sum.js'

/**
 * The groups of a groupBy: numbered as they appear; key columns and accumulators are arrays over that number. The column of a single
 * key is the key itself, but for values that need a stand-in, such as Dates.
 */
export class GroupTable {
  readonly #keys: readonly string[]
  readonly #accumulators: readonly Accumulator[]
  readonly #groupBytes: number
  readonly #where: string
  readonly #index = new KeyIndex()
  /** Of several keys, each one's values. */
  #keyColumns: unknown[][]
  /** Of a single key, the values that are not their own key. */
  #standIns: Map<number, unknown> = new Map()
  #keyBytes = 0

  constructor(keys: readonly string[], aggregates: readonly AggregatePlan[], where: string) {
    this.#keys = keys
    this.#where = where
    this.#keyColumns = keys.map(() => [])
    const prefix = statePrefix(keys)
    this.#accumulators = aggregates.map(({ as, fn, column = '' }, i) => accumulatorOf(fn, { as, column, where, state: `${prefix}${i}.` }))
    this.#groupBytes = this.#accumulators.reduce((bytes, accumulator) => bytes + accumulator.groupBytes, 0)
  }

  get size(): number {
    return this.#index.size
  }

  /** What the groups take, in bytes, estimated. */
  get bytes(): number {
    return this.#index.size * this.#groupBytes + this.#index.bytes + this.#keyBytes
  }

  add(row: Row): void {
    const group = this.#groupOf(row)
    const accumulators = this.#accumulators
    for (let i = 0; i < accumulators.length; i++) accumulators[i].add(group, row)
  }

  merge(row: Row): void {
    const group = this.#groupOf(row)
    const accumulators = this.#accumulators
    for (let i = 0; i < accumulators.length; i++) accumulators[i].merge(group, row)
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
    for (const accumulator of this.#accumulators) accumulator.clear()
  }

  #groupOf(row: Row): number {
    const key = this.#keyOf(row)
    const next = this.#index.size
    const group = this.#index.find(key)
    if (group === next) this.#open(group, key, row)
    return group
  }

  #keyOf(row: Row): Key {
    try {
      return keyOfRow(row, this.#keys)
    } catch (error) {
      throw placed(error, this.#where)
    }
  }

  #open(group: number, key: Key, row: Row): void {
    if (this.#keys.length > 1) for (let i = 0; i < this.#keys.length; i++) this.#keyColumns[i].push(this.#keep(row[this.#keys[i]]))
    else if (row[this.#keys[0]] !== key) this.#standIns.set(group, this.#keep(row[this.#keys[0]]))
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

function accumulatorOf(fn: AggregatePlan['fn'], place: AccumulatorPlace): Accumulator {
  switch (fn) {
    case 'count':
      return new CountAccumulator(place)
    case 'sum':
      return new SumAccumulator(place, false)
    case 'avg':
      return new SumAccumulator(place, true)
    case 'min':
      return new ExtremeAccumulator(place, -1)
    case 'max':
      return new ExtremeAccumulator(place, 1)
    default:
      return unreachable(fn, 'aggregate')
  }
}
