import { bytesOf, copyOfBytes } from './bytes.js'
import { RowTemplate } from './row-template.js'
import type { ColumnType, Row, Schema } from './schema.js'
import { type ColumnVector, type Nulls, Vector } from './vector.js'

export class BinaryVector extends Vector {
  readonly type = 'binary'
  readonly #offsets: Int32Array
  readonly #bytes: Uint8Array

  constructor(nulls: Nulls, offsets: Int32Array, bytes: Uint8Array) {
    super(nulls)
    this.#offsets = offsets
    this.#bytes = bytes
  }

  /** A copy, so that it keeps no batch alive. */
  get(index: number): Uint8Array | null {
    if (this.isNull(index)) return null
    const from = this.#offsets[index] as number
    const to = this.#offsets[index + 1] as number
    return copyOfBytes(this.#bytes.subarray(from, to))
  }

  get buffers(): readonly Uint8Array[] {
    return [bytesOf(this.#offsets), this.#bytes]
  }
}

export class ListVector extends Vector {
  readonly type: ColumnType
  readonly #offsets: Int32Array
  readonly #elements: ColumnVector

  constructor(type: ColumnType, nulls: Nulls, offsets: Int32Array, elements: ColumnVector) {
    super(nulls)
    this.type = type
    this.#offsets = offsets
    this.#elements = elements
  }

  get(index: number): unknown[] | null {
    if (this.isNull(index)) return null
    return this.#elements.slice(this.#offsets[index] as number, this.#offsets[index + 1] as number)
  }

  get buffers(): readonly Uint8Array[] {
    return [bytesOf(this.#offsets)]
  }

  override get children(): readonly ColumnVector[] {
    return [this.#elements]
  }
}

export class StructVector extends Vector {
  readonly type: ColumnType
  readonly #template: RowTemplate
  readonly #members: readonly ColumnVector[]

  constructor(type: { readonly struct: Schema }, nulls: Nulls, members: readonly ColumnVector[]) {
    super(nulls)
    this.type = type
    this.#template = RowTemplate.of(type.struct)
    this.#members = members
  }

  get(index: number): Row | null {
    return this.isNull(index) ? null : this.#template.row(this.#members, index)
  }

  get buffers(): readonly Uint8Array[] {
    return []
  }

  override get children(): readonly ColumnVector[] {
    return this.#members
  }
}
