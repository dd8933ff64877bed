import { Builder } from 'flatbuffers'
import { align8 } from './layout.js'
import { type ColumnType, type Kind, kindOf, type Schema } from './schema.js'

/*
 * The metadata of Arrow's IPC format: flatbuffers, whose tables are those of Arrow's Schema.fbs, Message.fbs and File.fbs. A field is
 * named by its number there.
 */
const VERSION_5 = 4
const KIND = { schema: 1, dictionary: 2, batch: 3 } as const
const CONTINUATION = 0xffffffff
const PREFIX_BYTES = 8
const DOUBLE = 2
const MILLISECOND = 1

/** The number of a type in the union of types. */
const TYPE_IDS: { readonly [K in Kind]: number } = {
  null: 1,
  int32: 2,
  int64: 2,
  float64: 3,
  binary: 4,
  utf8: 5,
  boolean: 6,
  timestamp: 10,
  list: 12,
  struct: 13,
}

/** Columns with a dictionary, and the id of each. */
export type DictionaryIds = ReadonlyMap<string, number>

/** One column of a batch, without those inside it: how many values, how many of them null, and its buffers, the validity first. */
export interface ArrowColumn {
  readonly rows: number
  readonly nulls: number
  readonly buffers: readonly Uint8Array[]
}

/** Where a message stands in a file. */
export interface Block {
  readonly position: number
  readonly metadataBytes: number
  readonly bodyBytes: number
}

export interface Message {
  readonly bytes: Uint8Array
  /** Up to its body. */
  readonly metadataBytes: number
}

export function schemaMessage(schema: Schema, dictionaries: DictionaryIds): Message {
  return message(KIND.schema, (builder) => schemaTable(builder, schema, dictionaries), [])
}

export function batchMessage(rows: number, columns: readonly ArrowColumn[]): Message {
  return message(KIND.batch, (builder) => batchTable(builder, rows, columns), bodyOf(columns))
}

/** Values of a dictionary: its first ones, or those that follow. */
export function dictionaryMessage(id: number, values: ArrowColumn, isDelta: boolean): Message {
  const table = (builder: Builder): number => {
    const data = batchTable(builder, values.rows, [values])
    builder.startObject(3)
    builder.addFieldInt64(0, BigInt(id), 0n)
    builder.addFieldOffset(1, data, 0)
    builder.addFieldInt8(2, Number(isDelta), 0)
    return builder.endObject()
  }
  return message(KIND.dictionary, table, bodyOf([values]))
}

/** What stands behind the last message of a file. */
export function footer(
  schema: Schema,
  ids: DictionaryIds,
  blocks: { dictionaries: readonly Block[]; batches: readonly Block[] },
): Uint8Array {
  const builder = new Builder(1024)
  const fields = schemaTable(builder, schema, ids)
  const dictionaries = blockVector(builder, blocks.dictionaries)
  const batches = blockVector(builder, blocks.batches)
  builder.startObject(5)
  builder.addFieldInt16(0, VERSION_5, 0)
  builder.addFieldOffset(1, fields, 0)
  builder.addFieldOffset(2, dictionaries, 0)
  builder.addFieldOffset(3, batches, 0)
  builder.finish(builder.endObject())
  return builder.asUint8Array()
}

/** A mark, the length of the metadata, the metadata, and the body, each on a multiple of 8 bytes. */
function message(kind: number, header: (builder: Builder) => number, body: readonly Uint8Array[]): Message {
  const bodyBytes = body.reduce((bytes, part) => bytes + align8(part.length), 0)
  const builder = new Builder(1024)
  const table = header(builder)
  builder.startObject(5)
  builder.addFieldInt16(0, VERSION_5, 0)
  builder.addFieldInt8(1, kind, 0)
  builder.addFieldOffset(2, table, 0)
  builder.addFieldInt64(3, BigInt(bodyBytes), 0n)
  builder.finish(builder.endObject())
  const metadata = builder.asUint8Array()
  const metadataBytes = PREFIX_BYTES + align8(metadata.length)
  const bytes = new Uint8Array(metadataBytes + bodyBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, CONTINUATION, true)
  view.setUint32(4, metadataBytes - PREFIX_BYTES, true)
  bytes.set(metadata, PREFIX_BYTES)
  let at = metadataBytes
  for (const part of body) {
    bytes.set(part, at)
    at += align8(part.length)
  }
  return { bytes, metadataBytes }
}

function bodyOf(columns: readonly ArrowColumn[]): Uint8Array[] {
  return columns.flatMap(({ buffers }) => buffers)
}

function schemaTable(builder: Builder, schema: Schema, dictionaries: DictionaryIds): number {
  const fields = schema.map(({ name, type }) => fieldTable(builder, name, type, dictionaries.get(name)))
  const vector = offsetVector(builder, fields)
  builder.startObject(4)
  builder.addFieldOffset(1, vector, 0)
  return builder.endObject()
}

function fieldTable(builder: Builder, name: string, type: ColumnType, dictionary: number | undefined): number {
  const text = builder.createString(name)
  const typeTable = typeTableOf(builder, type)
  const encoding = dictionary === undefined ? 0 : encodingTable(builder, dictionary)
  const children = offsetVector(
    builder,
    fieldsIn(type).map((field) => fieldTable(builder, field.name, field.type, undefined)),
  )
  builder.startObject(7)
  builder.addFieldOffset(0, text, 0)
  builder.addFieldInt8(1, 1, 0)
  builder.addFieldInt8(2, TYPE_IDS[kindOf(type)], 0)
  builder.addFieldOffset(3, typeTable, 0)
  builder.addFieldOffset(4, encoding, 0)
  builder.addFieldOffset(5, children, 0)
  return builder.endObject()
}

function fieldsIn(type: ColumnType): Schema {
  if (typeof type === 'string') return []
  return 'list' in type ? [{ name: 'item', type: type.list }] : type.struct
}

function typeTableOf(builder: Builder, type: ColumnType): number {
  if (type === 'int32') return integerTable(builder, 32)
  if (type === 'int64') return integerTable(builder, 64)
  const zone = type === 'timestamp' ? builder.createString('UTC') : 0
  builder.startObject(2)
  if (type === 'float64') builder.addFieldInt16(0, DOUBLE, 0)
  if (type === 'timestamp') {
    builder.addFieldInt16(0, MILLISECOND, 0)
    builder.addFieldOffset(1, zone, 0)
  }
  return builder.endObject()
}

function integerTable(builder: Builder, bits: number): number {
  builder.startObject(2)
  builder.addFieldInt32(0, bits, 0)
  builder.addFieldInt8(1, 1, 0)
  return builder.endObject()
}

/** The values of the column are numbers of 32 bits, of places in the dictionary. */
function encodingTable(builder: Builder, id: number): number {
  const index = integerTable(builder, 32)
  builder.startObject(4)
  builder.addFieldInt64(0, BigInt(id), 0n)
  builder.addFieldOffset(1, index, 0)
  return builder.endObject()
}

function batchTable(builder: Builder, rows: number, columns: readonly ArrowColumn[]): number {
  const nodes = pairVector(
    builder,
    columns.map((column) => [column.rows, column.nulls]),
  )
  let position = 0
  const places = bodyOf(columns).map(({ length }): [number, number] => {
    const start = position
    position += align8(length)
    return [start, length]
  })
  const buffers = pairVector(builder, places)
  builder.startObject(5)
  builder.addFieldInt64(0, BigInt(rows), 0n)
  builder.addFieldOffset(1, nodes, 0)
  builder.addFieldOffset(2, buffers, 0)
  return builder.endObject()
}

/** Flatbuffers are written from their end to their beginning. */
function pairVector(builder: Builder, pairs: readonly (readonly [number, number])[]): number {
  builder.startVector(16, pairs.length, 8)
  for (const [first, second] of [...pairs].reverse()) {
    builder.prep(8, 16)
    builder.writeInt64(BigInt(second))
    builder.writeInt64(BigInt(first))
  }
  return builder.endVector()
}

function blockVector(builder: Builder, blocks: readonly Block[]): number {
  builder.startVector(24, blocks.length, 8)
  for (const { position, metadataBytes, bodyBytes } of [...blocks].reverse()) {
    builder.prep(8, 24)
    builder.writeInt64(BigInt(bodyBytes))
    builder.pad(4)
    builder.writeInt32(metadataBytes)
    builder.writeInt64(BigInt(position))
  }
  return builder.endVector()
}

function offsetVector(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4)
  for (const offset of [...offsets].reverse()) builder.addOffset(offset)
  return builder.endVector()
}
