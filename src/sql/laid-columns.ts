import type { Vector } from '../columnar/vector.js'
import type { Native, NativeVector } from './native.js'
import { LaidColumn } from './staged-column.js'
import { STRING_BYTES, STRING_INLINE_MAX, writeString } from './string-layout.js'

const TWO_32 = 2 ** 32
const MICROS = 1000

/** Numbers, int32 too, as DOUBLE. */
export class DoublesColumn extends LaidColumn {
  readonly #values: Float64Array<ArrayBuffer>

  constructor(native: Native, rowsMax: number) {
    super(native, rowsMax)
    this.#values = new Float64Array(rowsMax)
  }

  protected lay(vector: Vector, from: number, to: number, at: number): void {
    const [{ buffer, byteOffset }] = vector.buffers
    const values =
      vector.type === 'int32' ? new Int32Array(buffer, byteOffset, vector.length) : new Float64Array(buffer, byteOffset, vector.length)
    this.#values.set(values.subarray(from, to), at)
  }

  protected write(vector: NativeVector, rows: number): void {
    this.native.copy_data_to_vector(vector, 0, this.#values.buffer, 0, 8 * rows)
  }
}

/** 64-bit integers, and times, as BIGINT and TIMESTAMP: a low word and a high one for each. */
export class PairsColumn extends LaidColumn {
  readonly #words: Int32Array<ArrayBuffer>
  readonly #areTimes: boolean

  constructor(native: Native, rowsMax: number, areTimes: boolean) {
    super(native, rowsMax)
    this.#words = new Int32Array(2 * rowsMax)
    this.#areTimes = areTimes
  }

  protected lay(vector: Vector, from: number, to: number, at: number): void {
    const [{ buffer, byteOffset }] = vector.buffers
    const words = new Int32Array(buffer, byteOffset, 2 * vector.length)
    if (this.#areTimes) this.#layTimes(words, from, to, at)
    else this.#words.set(words.subarray(2 * from, 2 * to), 2 * at)
  }

  protected write(vector: NativeVector, rows: number): void {
    this.native.copy_data_to_vector(vector, 0, this.#words.buffer, 0, 8 * rows)
  }

  /** Milliseconds become microseconds, which are more than a number has exactly. */
  #layTimes(words: Int32Array, from: number, to: number, at: number): void {
    for (let i = from; i < to; i++) {
      const low = (words[2 * i] >>> 0) * MICROS
      const into = 2 * (at + i - from)
      this.#words[into] = low % TWO_32
      this.#words[into + 1] = words[2 * i + 1] * MICROS + Math.floor(low / TWO_32)
    }
  }
}

export class BooleansColumn extends LaidColumn {
  readonly #bytes: Uint8Array<ArrayBuffer>

  constructor(native: Native, rowsMax: number) {
    super(native, rowsMax)
    this.#bytes = new Uint8Array(rowsMax)
  }

  protected lay(vector: Vector, from: number, to: number, at: number): void {
    const [bits] = vector.buffers
    for (let i = from; i < to; i++) this.#bytes[at + i - from] = (bits[i >> 3] >> (i & 7)) & 1
  }

  protected write(vector: NativeVector, rows: number): void {
    this.native.copy_data_to_vector(vector, 0, this.#bytes.buffer, 0, rows)
  }
}

const DATA_BYTES_FIRST = 64 * 1024
/** What is kept for the next chunk: one giant text must not cost memory for as long as the statement lasts. */
const DATA_BYTES_KEPT_MAX = 0x20_0000

/**
 * Texts as VARCHAR, bytes as BLOB. All of a chunk are given to DuckDB as one string, that of the first row; then each row gets its own part of
 * the memory that this one has got.
 */
export class StringsColumn extends LaidColumn {
  readonly #strings: Uint8Array<ArrayBuffer>
  readonly #starts: Int32Array
  readonly #lengths: Int32Array
  #data = new Uint8Array(DATA_BYTES_FIRST)
  #size = 0

  constructor(native: Native, rowsMax: number) {
    super(native, rowsMax)
    this.#strings = new Uint8Array(STRING_BYTES * rowsMax)
    this.#starts = new Int32Array(rowsMax)
    this.#lengths = new Int32Array(rowsMax)
  }

  override get dataBytes(): number {
    return this.#size
  }

  protected lay(vector: Vector, from: number, to: number, at: number): void {
    const [first, bytes] = vector.buffers
    const offsets = new Int32Array(first.buffer, first.byteOffset, vector.length + 1)
    const start = offsets[from]
    const size = offsets[to] - start
    if (this.#size + size > this.#data.length) this.#grow(this.#size + size)
    this.#data.set(bytes.subarray(start, start + size), this.#size)
    for (let i = from; i < to; i++) {
      this.#starts[at + i - from] = this.#size + offsets[i] - start
      this.#lengths[at + i - from] = offsets[i + 1] - offsets[i]
    }
    this.#size += size
  }

  protected override empty(row: number): void {
    this.#lengths[row] = 0
  }

  protected write(vector: NativeVector, rows: number): void {
    const address = this.#give(vector)
    for (let row = 0; row < rows; row++) {
      const start = this.#starts[row]
      writeString(this.#strings, row, { bytes: this.#data, start, length: this.#lengths[row], address: address + start })
    }
    this.native.copy_data_to_vector(vector, 0, this.#strings.buffer, 0, STRING_BYTES * rows)
    this.#size = 0
    if (this.#data.length > DATA_BYTES_KEPT_MAX) this.#data = new Uint8Array(DATA_BYTES_FIRST)
  }

  /** Returns where they are then; nowhere where each of them needs no memory of its own. */
  #give(vector: NativeVector): number {
    if (this.#size <= STRING_INLINE_MAX) return 0
    this.native.vector_assign_string_element_len(vector, 0, this.#data.subarray(0, this.#size))
    const { buffer, byteOffset } = this.native.vector_get_data(vector, STRING_BYTES)
    const [low, high] = new Uint32Array(buffer, byteOffset + 8, 2)
    return high * TWO_32 + low
  }

  #grow(size: number): void {
    const data = new Uint8Array(Math.max(size, 2 * this.#data.length))
    data.set(this.#data.subarray(0, this.#size))
    this.#data = data
  }
}
