import { MillraceError } from '../../base/errors.js'
import type { Row } from '../../columnar/schema.js'
import type { Accumulator, AccumulatorPlace } from './accumulator.js'

/**
 * Sum and average. Numbers are summed with Neumaier's compensation (A. Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur
 * Summation endlicher Summen"), bigints exactly; a column is one or the other, never mixed.
 */
export class SumAccumulator implements Accumulator {
  readonly groupBytes: number = 48
  readonly #place: AccumulatorPlace
  readonly #average: boolean
  readonly #sumColumn: string
  readonly #lowColumn: string
  readonly #countColumn: string
  #sums: number[] = []
  /** What rounding has taken from the sums so far. */
  #lows: number[] = []
  #counts: number[] = []
  /** Exact sums by group, once the column is known to hold bigints. */
  #exact: bigint[] | undefined

  constructor(place: AccumulatorPlace, average: boolean) {
    this.#place = place
    this.#average = average
    this.#sumColumn = `${place.state}sum`
    this.#lowColumn = `${place.state}low`
    this.#countColumn = `${place.state}count`
  }

  open(): void {
    this.#sums.push(0)
    this.#lows.push(0)
    this.#counts.push(0)
  }

  add(group: number, value: unknown): void {
    this.#take(group, value, 1)
  }

  merge(group: number, row: Row): void {
    this.#take(group, row[this.#sumColumn], row[this.#countColumn] as number)
    const low = row[this.#lowColumn]
    if (typeof low === 'number') this.#lows[group] += low
  }

  writePartial(group: number, row: Row): void {
    const count = this.#counts[group]
    const some = count > 0
    row[this.#sumColumn] = some ? (this.#exact === undefined ? this.#sums[group] : this.#int64(group)) : null
    row[this.#lowColumn] = some && this.#exact === undefined ? this.#lows[group] : null
    row[this.#countColumn] = count
  }

  writeFinal(group: number, row: Row): void {
    row[this.#place.as] = this.#counts[group] === 0 ? null : this.#average ? this.#mean(group) : this.#total(group)
  }

  clear(): void {
    this.#sums = []
    this.#lows = []
    this.#counts = []
    if (this.#exact !== undefined) this.#exact = []
  }

  #take(group: number, value: unknown, count: number): void {
    if (typeof value === 'number' && this.#exact === undefined) this.#addNumber(group, value)
    else if (value === null || value === undefined) return
    else this.#addOther(group, value)
    this.#counts[group] += count
  }

  #addNumber(group: number, value: number): void {
    const sum = this.#sums[group]
    const total = sum + value
    this.#lows[group] += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
    this.#sums[group] = total
  }

  #addOther(group: number, value: unknown): void {
    if (typeof value !== 'bigint') throw this.#refusal(typeof value === 'number' ? 'a number after bigints' : described(value))
    if (this.#exact === undefined) {
      if (this.#counts.some((count) => count > 0)) throw this.#refusal('a bigint after numbers')
      this.#exact = []
    }
    this.#exact[group] = (this.#exact[group] ?? 0n) + value
  }

  #total(group: number): number | bigint {
    return this.#exact === undefined ? this.#float(group) : this.#int64(group)
  }

  #mean(group: number): number {
    return (this.#exact === undefined ? this.#float(group) : Number(this.#exact[group])) / this.#counts[group]
  }

  /** With infinities the compensation is NaN and means nothing. */
  #float(group: number): number {
    const sum = this.#sums[group]
    const total = sum + this.#lows[group]
    return Number.isNaN(total) ? sum : total
  }

  #int64(group: number): bigint {
    const sum = (this.#exact as bigint[])[group]
    if (BigInt.asIntN(64, sum) !== sum) throw this.#refusal(`a sum beyond 64 bits (${sum})`)
    return sum
  }

  #refusal(what: string): MillraceError {
    const { where, column } = this.#place
    return new MillraceError(
      'AggregateType',
      `${where}: ${this.#average ? 'avg' : 'sum'} of column "${column}" met ${what}: convert it in a map before`,
    )
  }
}

function described(value: unknown): string {
  return value instanceof Date ? 'a Date' : `a value of type ${typeof value}`
}
