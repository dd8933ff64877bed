import { LIMITS } from '../base/limits.js'
import { Batch } from './batch.js'
import { ColumnsReader } from './columns-reader.js'
import { align8, COLUMNS_MAX, DESCRIPTOR_BYTES, FLAG_NAMES, HEADER_BYTES, MAGIC, ROWS_MAX } from './layout.js'
import { check, malformed } from './malformed.js'
import { type Schema, widens } from './schema.js'
import { SchemaReader } from './schema-reader.js'

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
    const { rowCount, columnCount } = header
    const names = new SchemaReader({ bytes, view, columnCount })
    const schema = this.#schemaOf(names, header)
    const start = align8(names.end)
    check(start <= bytes.length, `the names end at ${start}, the message at ${bytes.length}`)
    const columns = new ColumnsReader({ bytes, view, columnCount }, start)
    const vectors = columns.read(schema, rowCount)
    columns.finish()
    this.#schema = schema
    this.#version = header.version
    return new Batch({ schema, rowCount, vectors })
  }

  /** The schema of the message: of its own, or the last one, which its columns must fit. */
  #schemaOf(names: SchemaReader, { version, hasNames }: Header): Schema {
    const last = this.#schema
    if (!hasNames) {
      check(version === this.#version, `schema version ${version} without its names after ${this.#version}`)
      if (!last) throw malformed('a batch before any schema')
      return last
    }
    const schema = names.read()
    check(version > this.#version, `schema version ${version} after ${this.#version}`)
    check(last === undefined || widens(last, schema), 'a schema that does not go on from the one before')
    return schema
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
