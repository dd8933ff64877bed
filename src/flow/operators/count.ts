import type { Row } from '../../columnar/schema.js'
import type { Accumulator, AccumulatorPlace } from './accumulator.js'

export class CountAccumulator implements Accumulator {
  readonly groupBytes = 8
  readonly #as: string
  readonly #stateColumn: string
  #counts: number[] = []

  constructor(place: AccumulatorPlace) {
    this.#as = place.as
    this.#stateColumn = `${place.state}count`
  }

  open(): void {
    this.#counts.push(0)
  }

  add(group: number): void {
    this.#counts[group]++
  }

  merge(group: number, row: Row): void {
    this.#counts[group] += row[this.#stateColumn] as number
  }

  writePartial(group: number, row: Row): void {
    row[this.#stateColumn] = this.#counts[group]
  }

  writeFinal(group: number, row: Row): void {
    row[this.#as] = this.#counts[group]
  }

  clear(): void {
    this.#counts = []
  }
}
