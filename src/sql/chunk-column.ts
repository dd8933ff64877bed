import type { DuckDBDataChunk } from '@duckdb/node-api'
import { bitmapBytes } from '../columnar/layout.js'
import type { Nulls } from '../columnar/vector.js'
import type { Native, NativeVector } from './native.js'

/** A column of a chunk of a result, as a copy of DuckDB's memory. */
export class ChunkColumn implements Nulls {
  readonly length: number
  readonly nullCount: number
  readonly validity: Uint8Array | undefined
  readonly native: Native
  readonly #vector: NativeVector

  constructor(native: Native, { chunk }: DuckDBDataChunk, index: number, rows: number) {
    this.native = native
    this.#vector = native.data_chunk_get_vector(chunk, index)
    this.length = rows
    const words = native.vector_get_validity(this.#vector, 8 * Math.ceil(rows / 64))
    const bits = words ? words.slice(0, bitmapBytes(rows)) : undefined
    if (bits !== undefined && (rows & 7) !== 0) bits[bits.length - 1] &= 0xff >> (8 - (rows & 7))
    this.nullCount = bits === undefined ? 0 : rows - ones(bits)
    this.validity = this.nullCount === 0 ? undefined : bits
  }

  isNull(row: number): boolean {
    return this.validity !== undefined && (this.validity[row >> 3] & (1 << (row & 7))) === 0
  }

  /** The memory of its values, so many bytes each. What stands under a null is anything. */
  bytes(width: number): { readonly buffer: ArrayBuffer; readonly byteOffset: number } {
    return this.native.vector_get_data(this.#vector, width * this.length) as Uint8Array<ArrayBuffer>
  }
}

function ones(bits: Uint8Array): number {
  let count = 0
  for (let i = 0; i < bits.length; i++) for (let byte = bits[i]; byte !== 0; byte &= byte - 1) count++
  return count
}
