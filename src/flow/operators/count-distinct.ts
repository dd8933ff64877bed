import { assert } from '../../base/assert.js'
import { placed } from '../../base/placed.js'
import { part as keyPart } from '../../columnar/key.js'
import type { Row } from '../../columnar/schema.js'
import type { Accumulator, AccumulatorPlace } from './accumulator.js'

/** An entry of a Set and its share of empty room, and a string's header. */
const VALUE_BYTES = 72

/** Number of different values, kept as the text that stands for each in a key. Between the halves they travel as one text. */
export class CountDistinctAccumulator implements Accumulator {
  readonly groupBytes = 200
  readonly #place: AccumulatorPlace
  readonly #stateColumn: string
  #sets: Set<string>[] = []
  #grownBytes = 0

  constructor(place: AccumulatorPlace) {
    this.#place = place
    this.#stateColumn = `${place.state}values`
  }

  get grownBytes(): number {
    return this.#grownBytes
  }

  open(): void {
    this.#sets.push(new Set())
  }

  add(group: number, value: unknown): void {
    if (value === null || value === undefined) return
    this.#take(group, this.#partOf(value))
  }

  merge(group: number, row: Row): void {
    for (const part of partsOf(row[this.#stateColumn] as string)) this.#take(group, part)
  }

  writePartial(group: number, row: Row): void {
    row[this.#stateColumn] = [...this.#sets[group]].join('')
  }

  writeFinal(group: number, row: Row): void {
    row[this.#place.as] = this.#sets[group].size
  }

  clear(): void {
    this.#sets = []
    this.#grownBytes = 0
  }

  #take(group: number, part: string): void {
    const set = this.#sets[group]
    const { size } = set
    set.add(part)
    if (set.size > size) this.#grownBytes += VALUE_BYTES + part.length
  }

  #partOf(value: unknown): string {
    try {
      return keyPart(value)
    } catch (error) {
      throw placed(error, this.#place.where)
    }
  }
}

/** What `part` wrote one behind the other: `5:hello`, `b2:..`, `n1.5;`, `t`. */
function* partsOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const end = endOfPart(text, at)
    assert(end > at, 'a list of key parts')
    yield text.slice(at, end)
    at = end
  }
}

function endOfPart(text: string, at: number): number {
  const code = text.charCodeAt(at)
  const isBytes = text[at] === 'b'
  if (isBytes || (code >= 48 && code <= 57)) {
    const colon = text.indexOf(':', at)
    return colon + 1 + Number(text.slice(isBytes ? at + 1 : at, colon))
  }
  return text[at] === 't' || text[at] === 'f' ? at + 1 : text.indexOf(';', at) + 1
}
