import type { Values } from './block.js'
import { copyBits, isBytes, setBits } from './bytes.js'
import { ColumnData } from './column-data.js'
import type { ColumnShape } from './column-shape.js'
import { copyRows, isCopyable } from './copy-vector.js'
import { dateMs } from './date.js'
import { describe } from './describe.js'
import { isInt32 } from './int32-columns.js'
import { align8, bitmapBytes, type ColumnExtent, type ColumnLayout, hasOffsets, rowBytes, valueBytes } from './layout.js'
import { recordOf } from './record.js'
import { type Kind, kindOf } from './schema.js'
import type { ColumnVector, Vector } from './vector.js'

const CAPACITY_ROWS_FIRST = 64
/** What a column keeps between batches (1 MiB of values, 1 MiB of data): one giant row must not cost memory for ever. */
const KEPT_BYTES_MAX = 0x10_0000
const TWO_32 = 2 ** 32

/** The columns inside a list or struct column. */
export interface InsideBuilder<V> {
  columns(): readonly ColumnBuilder[]
  /** Puts in a list from an element on, or a struct at a row. Returns the bytes it takes beside those that were told by `onType`. */
  set(at: number, value: V): number
  /** Takes back what is there from an element or row on. */
  rewind(at: number): void
  reset(): void
}

/** Makes them; `onType` as for the column. */
type MakeInside = (shape: ColumnShape, onType: (rowBytes: number) => void) => InsideBuilder<never>

const NONE: readonly ColumnBuilder[] = []

/** One column of a batch that grows row by row. Rows that had no such key are filled with nulls when the next value comes. */
export class ColumnBuilder {
  readonly name: string
  readonly #shape: ColumnShape
  readonly #onType: (rowBytes: number) => void
  readonly #makeInside: MakeInside
  #kind: Kind = 'null'
  #hasOffsets = false
  #length = 0
  #nulls = 0
  #capacity = 0
  // Views of one buffer: the values.
  #bits = new Uint8Array(0)
  #words = new Int32Array(0)
  #floats = new Float64Array(0)
  #bigints = new BigInt64Array(0)
  /** Valid only while there are nulls; every bit at and after `#length` is 1. */
  #validity = new Uint8Array(0)
  /** Text or bytes. */
  readonly #data = new ColumnData(() => this.place)
  #inside: InsideBuilder<never> | undefined

  /** `onType` is told when the column gets its type, with the bytes a row takes from then on beside text, bytes and elements, nearly. */
  constructor(shape: ColumnShape, onType: (rowBytes: number) => void, makeInside: MakeInside) {
    this.#shape = shape
    this.#onType = onType
    this.#makeInside = makeInside
    this.name = shape.name
  }

  /** Begins a message about the value that the current row has here. */
  get place(): string {
    return this.#shape.place
  }

  /** Puts a value at a row that is not before the last one. Returns the bytes of text, or of what else varies, that it takes. */
  set(row: number, value: unknown): number {
    if (row !== this.#length) this.#fill(row)
    if (row >= this.#capacity) this.#grow(row + 1)
    let bytes = 0
    if (typeof value === 'string') bytes = this.#setText(row, value)
    else if (typeof value === 'number') {
      if (this.#kind === 'float64') this.#floats[row] = value
      else this.#setNumber(row, value)
    } else if (value === null || value === undefined) this.#setNull(row)
    else if (typeof value === 'boolean') {
      if (this.#kind !== 'boolean') this.#become('boolean', value)
      if (value) this.#bits[row >> 3] |= 1 << (row & 7)
      else this.#bits[row >> 3] &= ~(1 << (row & 7))
    } else if (typeof value === 'bigint') this.#setBigint(row, value)
    else bytes = this.#setObject(row, value)
    this.#length = row + 1
    return bytes
  }

  /**
   * Puts values at rows that follow each other, from one on that is not before the last: those at the first `count` of the indexes.
   * Returns what they take, as `set`.
   */
  setMany(row: number, values: Values, indexes: Int32Array, count: number): number {
    if (values instanceof Float64Array && !this.#shape.takesInt32) {
      this.#setFloats(row, values, indexes, count)
      return 0
    }
    let bytes = 0
    for (let i = 0; i < count; ) {
      const end = this.#setAlike(row, values, indexes, i, count)
      if (this.#kind === 'utf8') bytes += (this.#words[row + end] as number) - (this.#words[row + i] as number)
      if (end < count) bytes += this.set(row + end, values[indexes[end]])
      i = end + 1
    }
    return bytes
  }

  /** Whether the column of a batch goes in by `setVector`. */
  takes(vector: ColumnVector | undefined): vector is Vector {
    return isCopyable(vector) && !(vector.type === 'float64' && this.#shape.takesInt32)
  }

  /** As `setMany`, of the rows of a column that it takes: no value is made. */
  setVector(row: number, vector: Vector, indexes: Int32Array, count: number): number {
    if (row !== this.#length) this.#fill(row)
    if (row + count > this.#capacity) this.#grow(row + count)
    const kind = vector.type === 'int32' && !this.#shape.takesInt32 ? 'float64' : kindOf(vector.type)
    if (this.#kind !== kind) this.#become(kind, vector.get(indexes[0]))
    const into = { bits: this.#bits, words: this.#words, floats: this.#floats, data: this.#data }
    const bytes = copyRows(into, kind, { vector, indexes, count, row })
    if (vector.nullCount > 0) for (let i = 0; i < count; i++) if (vector.isNull(indexes[i])) this.#setNull(row + i)
    this.#length = row + count
    return bytes
  }

  /** The columns inside, as the stage has them: of a list one, of a struct its fields. */
  inside(): readonly ColumnBuilder[] {
    const { kind } = this.#shape
    if (kind !== 'list' && kind !== 'struct') return NONE
    this.#inside ??= this.#makeInside(this.#shape, this.#onType)
    return this.#inside.columns()
  }

  /** Takes back what is there from `row` on, also what a value that failed has left inside. */
  rewind(row: number): void {
    if (this.#length < row) return
    if (this.#kind === 'list') this.#inside?.rewind(this.#words[row] as number)
    else if (this.#kind === 'struct') this.#inside?.rewind(row)
    while (this.#length > row) this.#dropLast()
  }

  /** What goes into the message for `rows` rows. The kind is the stage's, which may know more than this column has seen. */
  close(rows: number): ColumnExtent {
    if (this.#length !== 0) this.#fill(rows)
    const nulls = this.#length === 0 || this.#kind === 'null' ? rows : this.#nulls
    const { kind } = this.#shape
    // Another receiver's column may have got a number that is no int32.
    if (this.#kind === 'int32' && kind === 'float64') this.#become('float64', undefined)
    if (kind === 'struct') return { kind, rows, nulls, size: this.#shape.inside.columns.length }
    return { kind, rows, nulls, size: this.#hasOffsets && nulls < rows ? (this.#words[rows] as number) : 0 }
  }

  /** Copies a closed column to its place. */
  writeTo(message: Uint8Array, { validity, values, data, end }: ColumnLayout, { kind, rows, nulls, size }: ColumnExtent): void {
    if (nulls === rows) return
    if (nulls > 0) copyBits(message, validity, this.#validity, rows)
    if (kind === 'boolean') copyBits(message, values, this.#bits, rows)
    else message.set(this.#bits.subarray(0, valueBytes(kind, rows)), values)
    if (end > data) message.set(this.#data.first(size), data)
  }

  /** Begins the next batch; keeps type and buffers. */
  reset(): void {
    this.#length = 0
    this.#nulls = 0
    this.#inside?.reset()
    if (this.#data.capacityBytes > KEPT_BYTES_MAX) this.#data.drop()
    if (this.#bits.length <= KEPT_BYTES_MAX) return
    this.#capacity = 0
    this.#resize(0)
  }

  /** Of a column that is not float64 yet. */
  #setNumber(row: number, value: number): void {
    if (this.#kind !== 'int32' || !isInt32(value)) {
      const kind = this.#shape.widenBy(value)
      if (kind !== this.#kind) this.#become(kind, value)
    }
    if (this.#kind === 'int32') this.#words[row] = value
    else this.#floats[row] = value
  }

  #setFloats(row: number, values: Float64Array, indexes: Int32Array, count: number): void {
    if (row !== this.#length) this.#fill(row)
    if (row + count > this.#capacity) this.#grow(row + count)
    if (this.#kind !== 'float64') this.#become('float64', values[indexes[0]])
    const floats = this.#floats
    for (let i = 0; i < count; i++) floats[row + i] = values[indexes[i]]
    this.#length = row + count
  }

  /** Those from one on that are texts of a column of texts, or booleans of one of booleans, up to the first that is not. Returns its place. */
  #setAlike(row: number, values: Values, indexes: Int32Array, from: number, count: number): number {
    if (this.#kind !== 'utf8' && this.#kind !== 'boolean') return from
    if (row + from !== this.#length) this.#fill(row + from)
    if (row + count > this.#capacity) this.#grow(row + count)
    const end =
      this.#kind === 'utf8'
        ? this.#data.setTexts(this.#words, row, values, indexes, from, count)
        : setBits(this.#bits, row, values, indexes, from, count)
    this.#length = row + end
    return end
  }

  #setText(row: number, value: string): number {
    if (this.#kind !== 'utf8') this.#become('utf8', value)
    const start = this.#words[row] as number
    const end = this.#data.setText(start, value)
    this.#words[row + 1] = end
    return end - start
  }

  #setObject(row: number, value: unknown): number {
    const ms = dateMs(value)
    if (ms !== undefined) return this.#setDate(row, ms, value)
    if (isBytes(value)) return this.#setBytes(row, value)
    if (Array.isArray(value)) {
      if (this.#kind !== 'list') this.#become('list', value)
      const start = this.#words[row] as number
      const bytes = (this.#inside as InsideBuilder<readonly unknown[]>).set(start, value)
      this.#words[row + 1] = start + value.length
      return bytes
    }
    const record = recordOf(value)
    if (record === undefined) throw this.#shape.unfit(value)
    if (this.#kind !== 'struct') this.#become('struct', value)
    return (this.#inside as InsideBuilder<object>).set(row, record)
  }

  #setBytes(row: number, value: Uint8Array): number {
    if (this.#kind !== 'binary') this.#become('binary', value)
    this.#words[row + 1] = this.#data.setBytes(this.#words[row] as number, value)
    return value.length
  }

  #setBigint(row: number, value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) {
      throw this.#shape.refusal(`is ${describe(value)}, which needs more than 64 bits; make it a string`)
    }
    if (this.#kind !== 'int64') this.#become('int64', value)
    this.#bigints[row] = value
  }

  #setDate(row: number, ms: number, value: unknown): number {
    if (Number.isNaN(ms)) throw this.#shape.refusal('is an invalid Date; use null for an unknown time')
    if (this.#kind !== 'timestamp') this.#become('timestamp', value)
    this.#words[2 * row] = ms >>> 0
    this.#words[2 * row + 1] = Math.floor(ms / TWO_32)
    return 0
  }

  #setNull(row: number): void {
    if (this.#kind !== 'null') {
      if (this.#nulls === 0) this.#validity.fill(0xff)
      this.#validity[row >> 3] &= ~(1 << (row & 7))
      // What stands under a null is zero: the same rows always give the same bytes.
      if (this.#hasOffsets) this.#words[row + 1] = this.#words[row] as number
      else if (this.#kind === 'boolean') this.#bits[row >> 3] &= ~(1 << (row & 7))
      else if (this.#kind === 'int32') this.#words[row] = 0
      else if (this.#kind !== 'struct') this.#floats[row] = 0
    }
    this.#nulls++
  }

  #dropLast(): void {
    const row = --this.#length
    const bit = 1 << (row & 7)
    const wasNull = this.#kind === 'null' || (this.#nulls > 0 && ((this.#validity[row >> 3] as number) & bit) === 0)
    if (wasNull) this.#nulls--
    if (wasNull && this.#kind !== 'null') this.#validity[row >> 3] |= bit
  }

  #fill(rows: number): void {
    if (rows > this.#capacity) this.#grow(rows)
    while (this.#length < rows) this.#setNull(this.#length++)
  }

  #become(kind: Kind, value: unknown): void {
    this.#shape.widen(kind, value)
    const before = this.#kind
    const int32s = this.#words
    this.#kind = kind
    this.#hasOffsets = hasOffsets(kind)
    this.inside()
    this.#onType(rowBytes(kind) - rowBytes(before))
    this.#resize(this.#capacity)
    if (before === 'int32') this.#floats.set(int32s.subarray(0, this.#length))
    else if (this.#nulls > 0) {
      this.#validity.fill(0xff)
      for (let row = 0; row < this.#length; row++) this.#validity[row >> 3] &= ~(1 << (row & 7))
    }
  }

  #grow(rows: number): void {
    let capacity = Math.max(this.#capacity, CAPACITY_ROWS_FIRST)
    while (capacity < rows) capacity *= 2
    this.#capacity = capacity
    if (this.#kind !== 'null') this.#resize(capacity)
  }

  #resize(rows: number): void {
    const buffer = new ArrayBuffer(align8(valueBytes(this.#kind, rows)))
    const bits = new Uint8Array(buffer)
    bits.set(this.#bits.subarray(0, bits.length))
    this.#bits = bits
    this.#words = new Int32Array(buffer)
    this.#floats = new Float64Array(buffer)
    this.#bigints = new BigInt64Array(buffer)
    const validity = new Uint8Array(bitmapBytes(rows)).fill(0xff)
    validity.set(this.#validity.subarray(0, validity.length))
    this.#validity = validity
  }
}
