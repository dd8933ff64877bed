import { Buffer } from 'node:buffer'
import type { ColumnType } from './schema.js'

/** One column of a batch. An index is from 0 to `length - 1` and is not checked. */
export interface ColumnVector {
  readonly type: ColumnType
  readonly length: number
  readonly nullCount: number
  /** number, bigint, string, boolean, a Date of its own each time, or null. */
  get(index: number): unknown
  isNull(index: number): boolean
}

export interface Nulls {
  readonly length: number
  readonly nullCount: number
  /** One bit per row, 1 where there is a value; undefined without nulls. */
  readonly validity: Uint8Array | undefined
}

abstract class Vector implements ColumnVector {
  abstract readonly type: ColumnType
  readonly length: number
  readonly nullCount: number
  protected readonly validity: Uint8Array | undefined

  constructor({ length, nullCount, validity }: Nulls) {
    this.length = length
    this.nullCount = nullCount
    this.validity = validity
  }

  abstract get(index: number): unknown

  isNull(index: number): boolean {
    return this.validity !== undefined && ((this.validity[index >> 3] as number) & (1 << (index & 7))) === 0
  }
}

/** A column without a value, of whatever type. */
export class NullVector implements ColumnVector {
  readonly type: ColumnType
  readonly length: number
  readonly nullCount: number

  constructor(type: ColumnType, length: number) {
    this.type = type
    this.length = length
    this.nullCount = length
  }

  get(): null {
    return null
  }

  isNull(): boolean {
    return true
  }
}

export class BooleanVector extends Vector {
  readonly type = 'boolean'
  readonly #bits: Uint8Array

  constructor(nulls: Nulls, bits: Uint8Array) {
    super(nulls)
    this.#bits = bits
  }

  get(index: number): boolean | null {
    return this.isNull(index) ? null : ((this.#bits[index >> 3] as number) & (1 << (index & 7))) !== 0
  }
}

export class FloatVector extends Vector {
  readonly type = 'float64'
  readonly #values: Float64Array

  constructor(nulls: Nulls, values: Float64Array) {
    super(nulls)
    this.#values = values
  }

  get(index: number): number | null {
    return this.isNull(index) ? null : (this.#values[index] as number)
  }
}

export class BigintVector extends Vector {
  readonly type = 'int64'
  readonly #values: BigInt64Array

  constructor(nulls: Nulls, values: BigInt64Array) {
    super(nulls)
    this.#values = values
  }

  get(index: number): bigint | null {
    return this.isNull(index) ? null : (this.#values[index] as bigint)
  }
}

export class TimestampVector extends Vector {
  readonly type = 'timestamp'
  /** Low and high word of each 64-bit count of milliseconds. */
  readonly #words: Int32Array

  constructor(nulls: Nulls, words: Int32Array) {
    super(nulls)
    this.#words = words
  }

  get(index: number): Date | null {
    return this.isNull(index) ? null : new Date(this.ms(index))
  }

  ms(index: number): number {
    return (this.#words[2 * index + 1] as number) * 2 ** 32 + ((this.#words[2 * index] as number) >>> 0)
  }
}

/** Text that is ASCII throughout: decoded once when first looked at, then cut; 3 times faster than a native call per value. */
export class AsciiVector extends Vector {
  readonly type = 'utf8'
  readonly #offsets: Int32Array
  readonly #bytes: Uint8Array
  #text: string | undefined

  constructor(nulls: Nulls, offsets: Int32Array, bytes: Uint8Array) {
    super(nulls)
    this.#offsets = offsets
    this.#bytes = bytes
  }

  get(index: number): string | null {
    if (this.isNull(index)) return null
    this.#text ??= bufferOf(this.#bytes).toString('latin1')
    return this.#text.substring(this.#offsets[index] as number, this.#offsets[index + 1])
  }
}

/** Sound UTF-8. ASCII values are cut from a text of one byte per char, so that one stray letter does not double them all. */
export class UnicodeVector extends Vector {
  readonly type = 'utf8'
  readonly #offsets: Int32Array
  readonly #bytes: Uint8Array
  #ascii = ''
  #unicode = ''
  /** Where each value starts in `#unicode`. */
  #starts: Int32Array | undefined

  constructor(nulls: Nulls, offsets: Int32Array, bytes: Uint8Array) {
    super(nulls)
    this.#offsets = offsets
    this.#bytes = bytes
  }

  get(index: number): string | null {
    if (this.isNull(index)) return null
    this.#starts ??= this.#decode()
    const from = this.#offsets[index] as number
    const to = this.#offsets[index + 1] as number
    const start = this.#starts[index] as number
    const end = this.#starts[index + 1] as number
    return end - start === to - from ? this.#ascii.substring(from, to) : this.#unicode.substring(start, end)
  }

  #decode(): Int32Array {
    const buffer = bufferOf(this.#bytes)
    this.#ascii = buffer.toString('latin1')
    this.#unicode = buffer.toString('utf8')
    const starts = new Int32Array(this.length + 1)
    let unit = 0
    for (let i = 0; i < this.length; i++) {
      starts[i] = unit
      const end = this.#offsets[i + 1] as number
      for (let at = this.#offsets[i] as number; at < end; at++) {
        const byte = buffer[at] as number
        if ((byte & 0xc0) !== 0x80) unit += byte >= 0xf0 ? 2 : 1
      }
    }
    starts[this.length] = unit
    return starts
  }
}

/** Text with lone surrogates: rare, so decoded value by value. */
export class StringsVector extends Vector {
  readonly type = 'utf8'
  readonly #values: readonly string[]

  constructor(nulls: Nulls, values: readonly string[]) {
    super(nulls)
    this.#values = values
  }

  get(index: number): string | null {
    return this.isNull(index) ? null : (this.#values[index] as string)
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
