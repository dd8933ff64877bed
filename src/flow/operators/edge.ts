import { placed } from '../../base/placed.js'
import { compareDeep } from '../../columnar/deep-order.js'
import { detach } from '../../columnar/detach.js'
import { compareValues } from '../../columnar/order.js'
import type { Row } from '../../columnar/schema.js'
import type { Accumulator, AccumulatorPlace } from './accumulator.js'
import { valueBytes } from './size-meter.js'

/** The value of the row in which another column is least, or greatest. */
export class EdgeAccumulator implements Accumulator {
  readonly groupBytes: number = 16 + 2 * valueBytes('', 0)
  readonly #place: AccumulatorPlace
  readonly #valueColumn: string
  readonly #byColumn: string
  /** 1 for the last row, -1 for the first. */
  readonly #sign: 1 | -1
  #values: unknown[] = []
  /** Null where no row counted yet. */
  #bys: unknown[] = []

  constructor(place: AccumulatorPlace, sign: 1 | -1) {
    this.#place = place
    this.#valueColumn = `${place.state}value`
    this.#byColumn = `${place.state}by`
    this.#sign = sign
  }

  open(): void {
    this.#values.push(null)
    this.#bys.push(null)
  }

  add(group: number, value: unknown, by: unknown): void {
    if (by === null || by === undefined) return
    try {
      if (!this.#isBetter(group, value, by)) return
    } catch (error) {
      throw placed(error, this.#place.where)
    }
    this.#values[group] = detach(value ?? null)
    this.#bys[group] = detach(by)
  }

  merge(group: number, row: Row): void {
    this.add(group, row[this.#valueColumn], row[this.#byColumn])
  }

  writePartial(group: number, row: Row): void {
    row[this.#valueColumn] = this.#values[group]
    row[this.#byColumn] = this.#bys[group]
  }

  writeFinal(group: number, row: Row): void {
    row[this.#place.as] = this.#values[group]
  }

  clear(): void {
    this.#values = []
    this.#bys = []
  }

  #isBetter(group: number, value: unknown, by: unknown): boolean {
    const best = this.#bys[group]
    const order = best === null ? 1 : this.#sign * compareValues(by, best)
    return order > 0 || (order === 0 && compareDeep(value, this.#values[group]) < 0)
  }
}
