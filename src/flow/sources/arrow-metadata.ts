import { ByteBuffer } from 'flatbuffers'

/** What a message of Arrow is, by the number in its metadata. */
export const MESSAGE = { schema: 1, dictionary: 2, batch: 3 } as const

/** What the metadata of a message says. */
export interface MessageHead {
  readonly kind: number
  readonly bodyBytes: number
  /** Of a batch. */
  readonly rows: number
  /** Of a dictionary. */
  readonly id: number
  readonly isDelta: boolean
  /** Of a dictionary: values of its longest part, and where its buffers stand in the body. */
  readonly longest: number
  readonly buffers: readonly BufferPlace[]
}

interface BufferPlace {
  readonly position: number
  readonly bytes: number
  /** The buffer is compressed: its first eight bytes say how many it was before, or -1 where it is not. */
  readonly isCompressed: boolean
}

const VERSION_5 = 4
const BLOCK_BYTES = 24
const NODE_BYTES = 16
const REFERENCE_BYTES = 4
const COUNT_BYTES = 8
const DECIMAL = 7
const UNION = 14
/** Of the widest decimal. */
const DIGITS_MAX = 76
/** Types nest this deep at most: a damaged one may hold itself. */
const DEPTH_MAX = 64

/** A table of a flatbuffer; its fields by their numbers in Arrow's `Message.fbs` and `File.fbs`. */
class Table {
  constructor(
    private readonly buffer: ByteBuffer,
    private readonly at: number,
  ) {}

  static root(bytes: Uint8Array): Table {
    const buffer = new ByteBuffer(bytes)
    return new Table(buffer, buffer.readInt32(0))
  }

  byte(field: number): number {
    const place = this.place(field)
    return place === undefined ? 0 : this.buffer.readUint8(place)
  }

  int(field: number): number {
    const place = this.place(field)
    return place === undefined ? 0 : this.buffer.readInt32(place)
  }

  long(field: number): number {
    const place = this.place(field)
    return place === undefined ? 0 : Number(this.buffer.readInt64(place))
  }

  table(field: number): Table | undefined {
    const place = this.place(field)
    return place === undefined ? undefined : new Table(this.buffer, this.buffer.__indirect(place))
  }

  /** A number of each element of a vector. */
  longs(field: number, elementBytes: number, offset: number): number[] {
    const { start, length } = this.vector(field, elementBytes)
    return Array.from({ length }, (_none, index) => Number(this.buffer.readInt64(start + elementBytes * index + offset)))
  }

  tables(field: number): Table[] {
    const { start, length } = this.vector(field, REFERENCE_BYTES)
    return Array.from({ length }, (_none, index) => new Table(this.buffer, this.buffer.__indirect(start + REFERENCE_BYTES * index)))
  }

  /** Where a vector stands. Throws where there is no room for what it says it has. */
  vector(field: number, elementBytes: number): { start: number; length: number } {
    const place = this.place(field)
    if (place === undefined) return { start: 0, length: 0 }
    const start = this.buffer.__vector(place)
    const length = this.buffer.__vector_len(place)
    if (!(start >= 0 && length >= 0 && start + length * elementBytes <= this.buffer.capacity()))
      throw new Error(`damaged metadata: a vector of ${length} elements`)
    return { start, length }
  }

  /** Where the table stands in its bytes. */
  get position(): number {
    return this.at
  }

  private place(field: number): number | undefined {
    const offset = this.buffer.__offset(this.at, 4 + 2 * field)
    return offset === 0 ? undefined : this.at + offset
  }
}

/** Throws where the metadata says more than it has. */
export function readHead(metadata: Uint8Array): MessageHead {
  const message = Table.root(metadata)
  const kind = message.byte(1)
  const header = message.table(2)
  const isDictionary = kind === MESSAGE.dictionary
  if (kind === MESSAGE.schema) checkSchema(header)
  else if (kind === MESSAGE.batch) checkBatch(header)
  else if (isDictionary) checkBatch(header?.table(1))
  return {
    kind,
    bodyBytes: message.long(3),
    rows: kind === MESSAGE.batch ? (header?.long(0) ?? 0) : 0,
    id: isDictionary ? (header?.long(0) ?? 0) : 0,
    isDelta: isDictionary && header?.byte(2) === 1,
    ...(isDictionary ? partsOf(header?.table(1)) : { longest: 0, buffers: [] }),
  }
}

function partsOf(batch: Table | undefined): Pick<MessageHead, 'longest' | 'buffers'> {
  const isCompressed = batch?.table(3) !== undefined
  const nodes = batch?.longs(1, NODE_BYTES, 0) ?? []
  const positions = batch?.longs(2, NODE_BYTES, 0) ?? []
  const bytes = batch?.longs(2, NODE_BYTES, 8) ?? []
  return {
    longest: Math.max(batch?.long(0) ?? 0, ...nodes),
    buffers: positions.map((position, index) => ({ position, bytes: bytes[index], isCompressed })),
  }
}

function checkBatch(batch: Table | undefined): void {
  if (batch === undefined) return
  batch.vector(1, NODE_BYTES)
  const buffers = batch.vector(2, NODE_BYTES).length
  if (batch.longs(4, COUNT_BYTES, 0).some((count) => count < 0 || count > buffers))
    throw new Error('damaged metadata: more buffers than there are')
}

function checkSchema(schema: Table | undefined): void {
  schema?.vector(2, REFERENCE_BYTES)
  for (const field of schema?.tables(1) ?? []) checkField(field, 0)
}

function checkField(field: Table, depth: number): void {
  if (depth === DEPTH_MAX) throw new Error(`damaged metadata: types inside each other, more than ${DEPTH_MAX}`)
  field.vector(6, REFERENCE_BYTES)
  const type = field.table(3)
  if (field.byte(2) === UNION) type?.vector(1, REFERENCE_BYTES)
  // What decodes a decimal makes the power of ten first.
  if (field.byte(2) === DECIMAL && Math.abs(type?.int(1) ?? 0) > DIGITS_MAX)
    throw new Error('damaged metadata: a decimal of too many digits')
  for (const child of field.tables(5)) checkField(child, depth + 1)
}

export interface Footer {
  /** The schema as the metadata of a message. */
  readonly schema: Uint8Array
  /** Where the messages stand. */
  readonly dictionaries: readonly number[]
  readonly batches: readonly number[]
}

export function readFooter(footer: Uint8Array): Footer {
  const table = Table.root(footer)
  const schema = table.table(1)
  if (schema === undefined) throw new Error('a footer without a schema')
  return {
    schema: schemaMessage(footer, schema.position),
    dictionaries: table.longs(2, BLOCK_BYTES, 0),
    batches: table.longs(3, BLOCK_BYTES, 0),
  }
}

/** Some programs write the schema of a file into its footer only. A table that refers to it there makes a message of it. */
function schemaMessage(footer: Uint8Array, schema: number): Uint8Array {
  const message = Buffer.alloc(32 + Math.ceil(footer.length / 8) * 8)
  message.writeUInt32LE(16, 0)
  // Which fields the table has and where: version, kind and header, four, six and eight bytes behind its beginning.
  for (const [index, word] of [10, 12, 4, 6, 8].entries()) message.writeUInt16LE(word, 4 + 2 * index)
  message.writeInt32LE(12, 16)
  message.writeInt16LE(VERSION_5, 20)
  message.writeUInt8(MESSAGE.schema, 22)
  message.writeUInt32LE(32 + schema - 24, 24)
  message.set(footer, 32)
  return message
}
