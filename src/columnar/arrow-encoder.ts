import { assert } from '../base/assert.js'
import { MillraceError } from '../base/errors.js'
import { arrowFields } from './arrow-columns.js'
import { ArrowDictionary } from './arrow-dictionary.js'
import { type Block, batchMessage, dictionaryMessage, footer, type Message, schemaMessage } from './arrow-messages.js'
import type { Batch } from './batch.js'
import { BatchMaker } from './batch-maker.js'
import type { Field, Row, Schema } from './schema.js'

const MAGIC = 'ARROW1'
const FILE_HEAD_BYTES = 8
const FILE_TAIL_BYTES = 10
/** Where a message would begin: there is none. */
const END_OF_STREAM = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])

export interface ArrowEncoderOptions {
  /** A stream, or a file: a stream between two marks, with a footer that says where its batches are. */
  readonly format: 'stream' | 'file'
  /** Columns of text whose values are written once each and referred to; they are kept in memory to the end. Default none. */
  readonly dictionaries?: readonly string[]
}

/**
 * Batches as Arrow's IPC format: what `schema`, every `batch` or `rows`, and `end` return, in this order, one behind the other. Nothing is kept
 * of a batch but where it stands, and the values of dictionaries. Timestamps are milliseconds in UTC; lone surrogates become U+FFFD.
 */
export class ArrowEncoder {
  readonly #isFile: boolean
  readonly #dictionaryNames: readonly string[]
  readonly #dictionaries = new Map<string, ArrowDictionary>()
  readonly #blocks = { dictionaries: [] as Block[], batches: [] as Block[] }
  #schema: Schema | undefined
  #position = 0
  #isOver = false
  #maker: BatchMaker | undefined

  constructor({ format, dictionaries = [] }: ArrowEncoderOptions) {
    this.#isFile = format === 'file'
    this.#dictionaryNames = dictionaries
  }

  /** The columns of all batches to come. @throws MillraceError `InvalidArgument` for a dictionary of what is no column of text */
  schema(schema: Schema): Uint8Array {
    assert(this.#schema === undefined, 'a schema is written once')
    for (const name of this.#dictionaryNames) {
      const type = schema.find((field) => field.name === name)?.type
      if (type !== 'utf8')
        throw new MillraceError(
          'InvalidArgument',
          `a dictionary of ${JSON.stringify(name)}, which is ${type ?? 'no column'}: name columns of utf8`,
        )
      this.#dictionaries.set(name, new ArrowDictionary(this.#dictionaries.size))
    }
    this.#schema = schema
    const head = this.#isFile ? [Buffer.from(MAGIC.padEnd(FILE_HEAD_BYTES, '\0'))] : []
    return this.#put(...head, schemaMessage(schema, this.#ids).bytes)
  }

  /** Columns that the batch lacks are null. @throws MillraceError `ColumnType` where it has one that the schema has not, or of another type */
  batch(batch: Batch): Uint8Array {
    const schema = this.#known()
    const { vectors, rowCount } = batch
    const columns = arrowFields(schema, { schema: batch.schema, vectors, rows: rowCount }).flatMap((column, index) => {
      const { name } = schema[index] as Field
      return this.#dictionaries.get(name)?.column(batch.column(name), rowCount) ?? column
    })
    const parts: Uint8Array[] = []
    for (const dictionary of this.#dictionaries.values()) {
      const values = dictionary.fresh()
      if (values !== undefined)
        parts.push(this.#placed(dictionaryMessage(dictionary.id, values, values.isDelta), this.#blocks.dictionaries))
    }
    parts.push(this.#placed(batchMessage(rowCount, columns), this.#blocks.batches))
    return Buffer.concat(parts)
  }

  /** Rows as one batch; keys that they lack are null. @throws MillraceError as `batch`, and as `BatchBuilder` */
  rows(rows: readonly Row[]): Uint8Array {
    this.#maker ??= new BatchMaker({ stage: 'Arrow', schema: this.#known() })
    for (const row of rows) this.#maker.append(row)
    return this.batch(this.#maker.take())
  }

  /** What stands behind the last batch. */
  end(): Uint8Array {
    const schema = this.#known()
    this.#isOver = true
    if (!this.#isFile) return END_OF_STREAM
    const foot = footer(schema, this.#ids, this.#blocks)
    const tail = Buffer.alloc(FILE_TAIL_BYTES)
    tail.writeUInt32LE(foot.length, 0)
    tail.write(MAGIC, 4, 'latin1')
    return Buffer.concat([END_OF_STREAM, foot, tail])
  }

  get #ids(): ReadonlyMap<string, number> {
    return new Map([...this.#dictionaries].map(([name, { id }]) => [name, id]))
  }

  #known(): Schema {
    assert(this.#schema !== undefined && !this.#isOver, 'batches stand between the schema and the end')
    return this.#schema
  }

  #placed({ bytes, metadataBytes }: Message, blocks: Block[]): Uint8Array {
    if (this.#isFile) blocks.push({ position: this.#position, metadataBytes, bodyBytes: bytes.length - metadataBytes })
    return this.#put(bytes)
  }

  #put(...parts: Uint8Array[]): Uint8Array {
    const bytes = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts)
    this.#position += bytes.length
    return bytes
  }
}
