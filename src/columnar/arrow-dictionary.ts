import type { ArrowColumn } from './arrow-messages.js'
import { bytesOf } from './bytes.js'
import { detach } from './detach.js'
import { bitmapBytes } from './layout.js'
import { textBuffers } from './text-vector.js'
import { type ColumnVector, Vector } from './vector.js'

/** The values of a column of text, each once, in the order in which they came. */
export class ArrowDictionary {
  readonly #places = new Map<string, number>()
  #fresh: string[] = []
  #isBegun = false

  constructor(readonly id: number) {}

  /** The places of a column's values, those that are new among them; without a column, nulls. */
  column(vector: ColumnVector | undefined, rows: number): ArrowColumn {
    const places = new Int32Array(rows)
    if (!(vector instanceof Vector)) return { rows, nulls: rows, buffers: [new Uint8Array(bitmapBytes(rows)), bytesOf(places)] }
    for (let row = 0; row < rows; row++) {
      const value = vector.get(row) as string | null
      if (value !== null) places[row] = this.#placeOf(value)
    }
    return { rows, nulls: vector.nullCount, buffers: [vector.validity ?? new Uint8Array(0), bytesOf(places)] }
  }

  /** Values that have not been written; undefined where there are none, but for the first time. */
  fresh(): (ArrowColumn & { readonly isDelta: boolean }) | undefined {
    const values = this.#fresh
    const isDelta = this.#isBegun
    if (isDelta && values.length === 0) return undefined
    this.#fresh = []
    this.#isBegun = true
    return { rows: values.length, nulls: 0, buffers: [new Uint8Array(0), ...textBuffers(values)], isDelta }
  }

  #placeOf(value: string): number {
    const known = this.#places.get(value)
    if (known !== undefined) return known
    const place = this.#places.size
    const kept = detach(value)
    this.#places.set(kept, place)
    this.#fresh.push(kept)
    return place
  }
}
