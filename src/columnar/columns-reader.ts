import { readBody, readValues } from './decode-column.js'
import { ListVector, StructVector } from './inside-vector.js'
import { type ColumnExtent, DESCRIPTOR_BYTES, HEADER_BYTES, hasData, KINDS, ROWS_MAX } from './layout.js'
import { check } from './malformed.js'
import { type ColumnType, kindOf, type Schema } from './schema.js'
import { type ColumnVector, NullVector } from './vector.js'

/** What a message holds: its bytes, a view of them, and its columns by number. */
export interface MessageBytes {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly columnCount: number
}

/** Reads the columns of a message, one after the other. */
export class ColumnsReader {
  readonly #message: MessageBytes
  #column = 0
  #start: number

  /** `start`: where the first body is, a multiple of 8. */
  constructor(message: MessageBytes, start: number) {
    this.#message = message
    this.#start = start
  }

  /** Those of a schema, side by side. Throws `Protocol` where they are not as it says. */
  read(schema: Schema, rows: number): ColumnVector[] {
    return schema.map(({ type }) => this.#read(type, rows))
  }

  /** There is nothing behind them. */
  finish(): void {
    const { bytes, columnCount } = this.#message
    check(this.#column === columnCount, `${columnCount} columns, the schema has ${this.#column}`)
    check(this.#start === bytes.length, `its columns end at ${this.#start}, the message at ${bytes.length}`)
  }

  #read(type: ColumnType, rows: number): ColumnVector {
    const { bytes } = this.#message
    const extent = this.#extent(type, rows)
    const hasBody = extent.nulls < rows
    const body = hasBody ? readBody(bytes, this.#start, extent) : undefined
    if (body !== undefined) this.#start = body.layout.end
    if (typeof type === 'string') return body === undefined ? new NullVector(type, rows) : readValues(bytes, body)
    // Also of nulls alone: their descriptors are there.
    const inside = 'list' in type ? [this.#read(type.list, extent.size)] : this.read(type.struct, rows)
    if (body === undefined) return new NullVector(type, rows)
    if ('struct' in type) return new StructVector(type, body.nulls, inside)
    return new ListVector(type, body.nulls, body.offsets, inside[0] as ColumnVector)
  }

  #extent(type: ColumnType, rows: number): ColumnExtent {
    const { view, columnCount } = this.#message
    const column = this.#column++
    check(column < columnCount, `${columnCount} columns, the schema has more`)
    const at = HEADER_BYTES + DESCRIPTOR_BYTES * column
    const kind = kindOf(type)
    check(KINDS[view.getUint32(at, true)] === kind, `column ${column} is no ${kind}, as its schema says`)
    const extent = { kind, rows, nulls: view.getUint32(at + 4, true), size: view.getUint32(at + 8, true) }
    const hasBody = extent.nulls < rows
    check(extent.nulls <= rows && (kind !== 'null' || !hasBody), `column ${column} has ${extent.nulls} nulls in ${rows} rows`)
    check(isSize(extent.size, type, hasBody), `column ${column} of kind ${kind} has size ${extent.size}`)
    return extent
  }
}

/** Whether a column may say that of what it holds. */
function isSize(size: number, type: ColumnType, hasBody: boolean): boolean {
  if (typeof type === 'object' && 'struct' in type) return size === type.struct.length
  if (size === 0) return true
  return hasBody && (typeof type === 'object' ? size <= ROWS_MAX : hasData(type))
}
