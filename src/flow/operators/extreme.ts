import { detach } from '../../columnar/detach.js'
import { compareValues } from '../../columnar/order.js'
import type { Row } from '../../columnar/schema.js'
import { valueBytes } from './size-meter.js'
import type { Accumulator, AccumulatorPlace } from './accumulator.js'

/** Minimum or maximum by `compareValues`, over strings, numbers, bigints, booleans and Dates. */
export class ExtremeAccumulator implements Accumulator {
  readonly groupBytes: number = 8 + valueBytes('', 0)
  readonly #as: string
  readonly #column: string
  readonly #stateColumn: string
  /** 1 for the maximum, -1 for the minimum. */
  readonly #sign: 1 | -1
  #values: unknown[] = []

  constructor(place: AccumulatorPlace, sign: 1 | -1) {
    this.#as = place.as
    this.#column = place.column
    this.#stateColumn = `${place.state}value`
    this.#sign = sign
  }

  open(): void {
    this.#values.push(null)
  }

  add(group: number, row: Row): void {
    this.#take(group, row[this.#column])
  }

  merge(group: number, row: Row): void {
    this.#take(group, row[this.#stateColumn])
  }

  writePartial(group: number, row: Row): void {
    row[this.#stateColumn] = this.#values[group]
  }

  writeFinal(group: number, row: Row): void {
    row[this.#as] = this.#values[group]
  }

  clear(): void {
    this.#values = []
  }

  #take(group: number, value: unknown): void {
    if (value === null || value === undefined) return
    const best = this.#values[group]
    if (best === null || this.#sign * compareValues(value, best) > 0) this.#values[group] = detach(value)
  }
}
