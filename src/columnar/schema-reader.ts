import type { MessageBytes } from './columns-reader.js'
import { COLUMNS_MAX, DESCRIPTOR_BYTES, HEADER_BYTES, KINDS } from './layout.js'
import { check, malformed } from './malformed.js'
import { type ColumnType, type Field, NESTING_MAX, type Schema } from './schema.js'
import { readText } from './text.js'

/** Reads the schema of a message that has its names. */
export class SchemaReader {
  readonly #message: MessageBytes
  #column = 0
  #end: number

  constructor(message: MessageBytes) {
    this.#message = message
    this.#end = HEADER_BYTES + DESCRIPTOR_BYTES * message.columnCount
  }

  /** Where the names end that were read so far. */
  get end(): number {
    return this.#end
  }

  /** All of it. Throws `Protocol`. */
  read(): Schema {
    return this.#fields(COLUMNS_MAX, 0)
  }

  /** The next fields: so many, or, of rows, as many as there are. */
  #fields(count: number, depth: number): Schema {
    const { columnCount } = this.#message
    const names = new Set<string>()
    const fields: Field[] = []
    while (fields.length < count && (depth > 0 || this.#column < columnCount)) {
      const column = this.#column
      const name = this.#name(column)
      if (name === undefined || names.has(name)) throw malformed(`the name of column ${column} is no text, or there twice`)
      names.add(name)
      fields.push(Object.freeze({ name, type: this.#type(depth) }))
    }
    return Object.freeze(fields)
  }

  #name(column: number): string | undefined {
    const { bytes, view, columnCount } = this.#message
    check(column < columnCount, `${columnCount} columns, but one inside another is missing`)
    const start = this.#end
    this.#end += view.getUint32(HEADER_BYTES + DESCRIPTOR_BYTES * column + 12, true)
    check(this.#end <= bytes.length, `the name of column ${column} ends at ${this.#end}, the message at ${bytes.length}`)
    return readText(bytes.subarray(start, this.#end))
  }

  /** The type of the next column, with those inside it. */
  #type(depth: number): ColumnType {
    const column = this.#column++
    const at = HEADER_BYTES + DESCRIPTOR_BYTES * column
    const code = this.#message.view.getUint32(at, true)
    const kind = KINDS[code]
    if (kind === undefined) throw malformed(`column ${column} is of kind ${code}`)
    if (kind !== 'list' && kind !== 'struct') return kind
    check(depth < NESTING_MAX, `column ${column} is inside ${depth} others`)
    if (kind === 'struct') return Object.freeze({ struct: this.#fields(this.#message.view.getUint32(at + 8, true), depth + 1) })
    check(this.#name(this.#column) === '', `the elements of column ${column} have a name`)
    return Object.freeze({ list: this.#type(depth + 1) })
  }
}
