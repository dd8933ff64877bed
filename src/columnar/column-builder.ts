import { Buffer } from 'node:buffer'
import { MillraceError } from '../base/errors.js'
import { LIMITS } from '../base/limits.js'
import { dateMs } from './date.js'
import { describe } from './describe.js'
import { align8, bitmapBytes, type ColumnExtent, type ColumnLayout, valueBytes } from './layout.js'
import type { ColumnType } from './schema.js'
import type { Shape } from './shape.js'
import { textBytesMax, writeText } from './text.js'

const CAPACITY_ROWS_FIRST = 64
const TEXT_BYTES_FIRST = 1024
/** What a column keeps between batches (1 MiB of values, 1 MiB of text): one giant row must not cost memory for ever. */
const KEPT_BYTES_MAX = 0x10_0000
const TWO_32 = 2 ** 32

/** One column of a batch that grows row by row. Rows that had no such key are filled with nulls when the next value comes. */
export class ColumnBuilder {
  readonly name: string
  readonly index: number
  readonly #shape: Shape
  readonly #onType: (rowBytes: number) => void
  #type: ColumnType = 'null'
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
  #text: Buffer = Buffer.alloc(0)

  /** `onType` is told when the column gets its type, with the bytes a row takes from then on beside its text, nearly. */
  constructor(shape: Shape, index: number, onType: (rowBytes: number) => void) {
    this.#shape = shape
    this.#onType = onType
    this.index = index
    this.name = shape.field(index).name
  }

  /** Puts a value at a row that is not before the last one. Returns the bytes of text it takes. */
  set(row: number, value: unknown): number {
    if (row !== this.#length) this.#fill(row)
    if (row >= this.#capacity) this.#grow(row + 1)
    let textBytes = 0
    if (typeof value === 'string') textBytes = this.#setText(row, value)
    else if (typeof value === 'number') {
      if (this.#type !== 'float64') this.#become('float64', value)
      this.#floats[row] = value
    } else if (value === null || value === undefined) this.#setNull(row)
    else if (typeof value === 'boolean') {
      if (this.#type !== 'boolean') this.#become('boolean', value)
      if (value) this.#bits[row >> 3] |= 1 << (row & 7)
      else this.#bits[row >> 3] &= ~(1 << (row & 7))
    } else if (typeof value === 'bigint') this.#setBigint(row, value)
    else this.#setDate(row, value)
    this.#length = row + 1
    return textBytes
  }

  /** Takes back what a row that failed has left at `row`. */
  rewind(row: number): void {
    if (this.#length <= row) return
    const bit = 1 << (row & 7)
    const wasNull = this.#type === 'null' || (this.#nulls > 0 && ((this.#validity[row >> 3] as number) & bit) === 0)
    if (wasNull) this.#nulls--
    if (wasNull && this.#type !== 'null') this.#validity[row >> 3] |= bit
    this.#length = row
  }

  /** What goes into the message for `rows` rows. The type is the stage's, which may know more than this column has seen. */
  close(rows: number): ColumnExtent {
    if (this.#length !== 0) this.#fill(rows)
    const nulls = this.#length === 0 || this.#type === 'null' ? rows : this.#nulls
    const textBytes = this.#type === 'utf8' && nulls < rows ? (this.#words[rows] as number) : 0
    return { type: this.#shape.field(this.index).type, rows, nulls, textBytes }
  }

  /** Copies a closed column to its place. */
  writeTo(message: Uint8Array, { validity, values, text }: ColumnLayout, { type, rows, nulls, textBytes }: ColumnExtent): void {
    if (nulls === rows) return
    if (nulls > 0) copyBits(message, validity, this.#validity, rows)
    if (type === 'boolean') copyBits(message, values, this.#bits, rows)
    else message.set(this.#bits.subarray(0, valueBytes(type, rows)), values)
    if (textBytes > 0) message.set(this.#text.subarray(0, textBytes), text)
  }

  /** Begins the next batch; keeps type and buffers. */
  reset(): void {
    this.#length = 0
    this.#nulls = 0
    if (this.#text.length > KEPT_BYTES_MAX) this.#text = Buffer.alloc(0)
    if (this.#bits.length <= KEPT_BYTES_MAX) return
    this.#capacity = 0
    this.#resize(0)
  }

  #setText(row: number, value: string): number {
    if (this.#type !== 'utf8') this.#become('utf8', value)
    const start = this.#words[row] as number
    const room = textBytesMax(value)
    if (start + room > this.#text.length) this.#growText(start, room)
    const end = writeText(this.#text, start, value)
    this.#words[row + 1] = end
    return end - start
  }

  #setBigint(row: number, value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) {
      throw this.#shape.refusal(this.name, `is ${describe(value)}, which needs more than 64 bits; make it a string`)
    }
    if (this.#type !== 'int64') this.#become('int64', value)
    this.#bigints[row] = value
  }

  #setDate(row: number, value: unknown): void {
    const ms = dateMs(value)
    if (ms === undefined) {
      const cure = 'map it to a string, number, bigint, boolean, Date or null, for example with JSON.stringify'
      throw this.#shape.refusal(this.name, `is ${describe(value)}, which no column can hold; ${cure}`)
    }
    if (Number.isNaN(ms)) throw this.#shape.refusal(this.name, 'is an invalid Date; use null for an unknown time')
    if (this.#type !== 'timestamp') this.#become('timestamp', value)
    this.#words[2 * row] = ms >>> 0
    this.#words[2 * row + 1] = Math.floor(ms / TWO_32)
  }

  #setNull(row: number): void {
    if (this.#type !== 'null') {
      if (this.#nulls === 0) this.#validity.fill(0xff)
      this.#validity[row >> 3] &= ~(1 << (row & 7))
      // What stands under a null is zero: the same rows always give the same bytes.
      if (this.#type === 'utf8') this.#words[row + 1] = this.#words[row] as number
      else if (this.#type === 'boolean') this.#bits[row >> 3] &= ~(1 << (row & 7))
      else this.#floats[row] = 0
    }
    this.#nulls++
  }

  #fill(rows: number): void {
    if (rows > this.#capacity) this.#grow(rows)
    while (this.#length < rows) this.#setNull(this.#length++)
  }

  #become(type: ColumnType, value: unknown): void {
    this.#shape.widen(this.index, type, value)
    this.#type = type
    this.#onType(type === 'boolean' ? 0.25 : type === 'utf8' ? 4.125 : 8.125)
    this.#resize(this.#capacity)
    if (this.#nulls === 0) return
    this.#validity.fill(0xff)
    for (let row = 0; row < this.#length; row++) this.#validity[row >> 3] &= ~(1 << (row & 7))
  }

  #grow(rows: number): void {
    let capacity = Math.max(this.#capacity, CAPACITY_ROWS_FIRST)
    while (capacity < rows) capacity *= 2
    this.#capacity = capacity
    if (this.#type !== 'null') this.#resize(capacity)
  }

  #resize(rows: number): void {
    const buffer = new ArrayBuffer(align8(valueBytes(this.#type, rows)))
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

  #growText(start: number, room: number): void {
    if (start + room > LIMITS.messageBytesMax) {
      throw new MillraceError(
        'MessageTooLarge',
        `stage ${JSON.stringify(this.#shape.stage)}, row ${this.#shape.rowsSeen}: column ${JSON.stringify(this.name)} has more than ` +
          `${LIMITS.messageBytesMax} bytes of text in one batch; split the value`,
      )
    }
    const text = Buffer.allocUnsafeSlow(Math.max(2 * this.#text.length, start + room, TEXT_BYTES_FIRST))
    text.set(this.#text.subarray(0, start))
    this.#text = text
  }
}

function copyBits(message: Uint8Array, start: number, bits: Uint8Array, rows: number): void {
  const bytes = bitmapBytes(rows)
  message.set(bits.subarray(0, bytes), start)
  // Bits after the last row are zero: the same rows always give the same bytes.
  if ((rows & 7) !== 0) message[start + bytes - 1] &= 0xff >> (8 - (rows & 7))
}
