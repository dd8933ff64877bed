import { unreachable } from '../../base/assert.js'
import { detach } from '../../columnar/detach.js'
import { type Key, keyOfRow } from '../../columnar/key.js'
import type { Row } from '../../columnar/schema.js'
import type { AggregatePlan } from '../plan.js'
import type { Accumulator, AccumulatorPlace } from './accumulator.js'
import { placed } from './compare.js'
import { CountAccumulator } from './count.js'
import { ExtremeAccumulator } from './extreme.js'
import { valueBytes } from './size-meter.js'
import { SumAccumulator } from './sum.js'

/** A Map entry, its share of empty room, and the number in it. */
const ENTRY_BYTES = 56

/** The groups of a groupBy: numbered as they appear; key columns and accumulators are arrays over that number. */
export class GroupTable {
  readonly #keys: readonly string[]
  readonly #accumulators: readonly Accumulator[]
  readonly #groupBytes: number
  readonly #where: string
  #index: Map<Key, number> = new Map()
  #keyColumns: unknown[][]
  #keyBytes = 0

  constructor(keys: readonly string[], aggregates: readonly AggregatePlan[], where: string) {
    this.#keys = keys
    this.#where = where
    this.#keyColumns = keys.map(() => [])
    const prefix = statePrefix(keys)
    this.#accumulators = aggregates.map(({ as, fn, column = '' }, i) => accumulatorOf(fn, { as, column, where, state: `${prefix}${i}.` }))
    this.#groupBytes = this.#accumulators.reduce((bytes, accumulator) => bytes + accumulator.groupBytes, ENTRY_BYTES)
  }

  get size(): number {
    return this.#index.size
  }

  /** What the groups take, in bytes, estimated. */
  get bytes(): number {
    return this.#index.size * this.#groupBytes + this.#keyBytes
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
    this.#index = new Map()
    this.#keyColumns = this.#keys.map(() => [])
    this.#keyBytes = 0
    for (const accumulator of this.#accumulators) accumulator.clear()
  }

  #groupOf(row: Row): number {
    const key = this.#keyOf(row)
    const group = this.#index.get(key)
    return group === undefined ? this.#open(detach(key), row) : group
  }

  #keyOf(row: Row): Key {
    try {
      return keyOfRow(row, this.#keys)
    } catch (error) {
      throw placed(error, this.#where)
    }
  }

  #open(key: Key, row: Row): number {
    const group = this.#index.size
    this.#index.set(key, group)
    this.#keyBytes += valueBytes(key, 0)
    for (let i = 0; i < this.#keys.length; i++) {
      const value = row[this.#keys[i]] ?? null
      // Mostly the key is the value: then one string serves both.
      const kept = value === key ? key : detach(value)
      this.#keyColumns[i].push(kept)
      this.#keyBytes += kept === key ? 8 : 8 + valueBytes(kept, 0)
    }
    for (const accumulator of this.#accumulators) accumulator.open()
    return group
  }

  #keyRow(group: number): Row {
    const row: Row = {}
    for (let i = 0; i < this.#keys.length; i++) row[this.#keys[i]] = this.#keyColumns[i][group]
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
