import { LIMITS } from '../base/limits.js'
import { Batch, rowTemplate } from './batch.js'
import { readColumn } from './decode-column.js'
import { align8, COLUMNS_MAX, DESCRIPTOR_BYTES, FLAG_NAMES, HEADER_BYTES, layoutColumn, MAGIC, ROWS_MAX, TYPES } from './layout.js'
import { check, malformed } from './malformed.js'
import { type ColumnType, type Row, type Schema, widens } from './schema.js'
import { readText } from './text.js'
import type { ColumnVector } from './vector.js'

interface Header {
  readonly version: number
  readonly rowCount: number
  readonly columnCount: number
  readonly hasNames: boolean
}

/**
 * Turns the messages of one stream into batches again. It remembers the schema, so it must see all of them, in order.
 * After an error the stream is broken; the schema is still that of the last good message.
 */
export class BatchDecoder {
  #schema: Schema | undefined
  #template: Row = {}
  #version = -1

  /** The schema of the last batch; undefined before the first. */
  get schema(): Schema | undefined {
    return this.#schema
  }

  /**
   * The batch refers to the memory of the message, which must not change afterwards (a message that does not start at a multiple of
   * 8 bytes in its buffer is copied). Everything in the message is checked here: reading the batch later does not fail.
   * @throws ProtocolError for a message that no `BatchEncoder` of this stream can have made.
   */
  decode(message: Uint8Array): Batch {
    const bytes = (message.byteOffset & 7) === 0 ? message : new Uint8Array(message)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const header = readHeader(view)
    const { schema, end } = readSchema(bytes, view, header, this.#schema)
    this.#checkChange(schema, header)
    const vectors = readColumns(bytes, view, { rows: header.rowCount, schema, start: align8(end) })
    if (schema !== this.#schema) {
      this.#schema = schema
      this.#template = rowTemplate(schema)
      this.#version = header.version
    }
    return new Batch({ schema, rowCount: header.rowCount, vectors, template: this.#template })
  }

  #checkChange(schema: Schema, { version, hasNames }: Header): void {
    if (!hasNames) check(version === this.#version, `schema version ${version} without its names after ${this.#version}`)
    else if (this.#schema) {
      check(version > this.#version, `schema version ${version} after ${this.#version}`)
      check(widens(this.#schema, schema), 'a schema that does not go on from the one before')
    }
  }
}

function readHeader(view: DataView): Header {
  check(view.byteLength >= HEADER_BYTES, `${view.byteLength} bytes, no header`)
  check(view.byteLength <= LIMITS.messageBytesMax, `${view.byteLength} bytes`)
  check(view.getUint32(0, true) === MAGIC, 'another magic number')
  const rowCount = view.getUint32(8, true)
  const columnCount = view.getUint16(12, true)
  const flags = view.getUint16(14, true)
  check(rowCount <= ROWS_MAX, `${rowCount} rows`)
  check(columnCount <= COLUMNS_MAX, `${columnCount} columns`)
  check((flags & ~FLAG_NAMES) === 0, `flags ${flags}`)
  check(view.byteLength >= HEADER_BYTES + DESCRIPTOR_BYTES * columnCount, `${columnCount} columns, but the message ends`)
  return { version: view.getUint32(4, true), rowCount, columnCount, hasNames: flags === FLAG_NAMES }
}

/** The schema of the message: of its own, or the last one, which it must fit. `end` is where the names end. */
function readSchema(bytes: Uint8Array, view: DataView, header: Header, last: Schema | undefined): { schema: Schema; end: number } {
  const { columnCount, hasNames } = header
  let end = HEADER_BYTES + DESCRIPTOR_BYTES * columnCount
  if (!hasNames) {
    if (!last) throw malformed('a batch before any schema')
    check(columnCount === last.length, `${columnCount} columns, the schema has ${last.length}`)
    for (const [i, field] of last.entries()) check(readType(view, i) === field.type, `column ${i} changes its type without a schema`)
    return { schema: last, end }
  }
  const names = new Set<string>()
  const fields = Array.from({ length: columnCount }, (_, i) => {
    const start = end
    end += view.getUint32(HEADER_BYTES + DESCRIPTOR_BYTES * i + 12, true)
    check(end <= bytes.length, `the name of column ${i} ends at ${end}, the message at ${bytes.length}`)
    const name = readText(bytes.subarray(start, end))
    if (name === undefined || names.has(name)) throw malformed(`the name of column ${i} is no text, or there twice`)
    names.add(name)
    return Object.freeze({ name, type: readType(view, i) })
  })
  return { schema: Object.freeze(fields), end }
}

function readType(view: DataView, column: number): ColumnType {
  const code = view.getUint32(HEADER_BYTES + DESCRIPTOR_BYTES * column, true)
  const type = TYPES[code]
  if (type === undefined) throw malformed(`column ${column} is of type ${code}`)
  return type
}

function readColumns(bytes: Uint8Array, view: DataView, from: { rows: number; schema: Schema; start: number }): ColumnVector[] {
  let { start } = from
  check(start <= bytes.length, `the names end at ${start}, the message at ${bytes.length}`)
  const vectors = from.schema.map(({ type }, i) => {
    const at = HEADER_BYTES + DESCRIPTOR_BYTES * i
    const extent = { type, rows: from.rows, nulls: view.getUint32(at + 4, true), textBytes: view.getUint32(at + 8, true) }
    const hasBody = extent.nulls < extent.rows
    check(extent.nulls <= extent.rows && (type !== 'null' || !hasBody), `column ${i} has ${extent.nulls} nulls in ${extent.rows} rows`)
    check(extent.textBytes === 0 || (type === 'utf8' && hasBody), `column ${i} has ${extent.textBytes} bytes of text`)
    const vector = readColumn(bytes, start, extent)
    start = layoutColumn(start, extent).end
    return vector
  })
  check(start === bytes.length, `its columns end at ${start}, the message at ${bytes.length}`)
  return vectors
}
