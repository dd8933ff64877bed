import { MillraceError } from '../../base/errors.js'
import { isBytes } from '../../columnar/bytes.js'
import { describe } from '../../columnar/describe.js'
import { detach } from '../../columnar/detach.js'
import { compareValues } from '../../columnar/order.js'
import type { Row } from '../../columnar/schema.js'
import type { Accumulator, AccumulatorPlace } from './accumulator.js'
import { valueBytes } from './size-meter.js'

/** Minimum or maximum by `compareValues`, over strings, numbers, bigints, booleans, Dates and bytes. */
export class ExtremeAccumulator implements Accumulator {
  readonly groupBytes: number = 8 + valueBytes('', 0)
  readonly #place: AccumulatorPlace
  readonly #stateColumn: string
  /** 1 for the maximum, -1 for the minimum. */
  readonly #sign: 1 | -1
  #values: unknown[] = []

  constructor(place: AccumulatorPlace, sign: 1 | -1) {
    this.#place = place
    this.#stateColumn = `${place.state}value`
    this.#sign = sign
  }

  open(): void {
    this.#values.push(null)
  }

  add(group: number, value: unknown): void {
    this.#take(group, value)
  }

  merge(group: number, row: Row): void {
    this.#take(group, row[this.#stateColumn])
  }

  writePartial(group: number, row: Row): void {
    row[this.#stateColumn] = this.#values[group]
  }

  writeFinal(group: number, row: Row): void {
    row[this.#place.as] = this.#values[group]
  }

  clear(): void {
    this.#values = []
  }

  #take(group: number, value: unknown): void {
    if (value === null || value === undefined) return
    if (typeof value === 'object' && !(value instanceof Date) && !isBytes(value)) throw this.#refusal(value)
    const best = this.#values[group]
    if (best === null || this.#sign * compareValues(value, best) > 0) this.#values[group] = detach(value)
  }

  #refusal(value: unknown): MillraceError {
    const { where, column } = this.#place
    const fn = this.#sign === 1 ? 'max' : 'min'
    return new MillraceError('AggregateType', `${where}: ${fn} of column "${column}" met ${describe(value)}: convert it in a map before`)
  }
}
