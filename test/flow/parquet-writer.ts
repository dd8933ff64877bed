/** Just enough of a Parquet writer for tests: uncompressed, PLAIN, one data page per column of a row group. */
export interface TestColumn {
  name: string
  type: keyof typeof TYPES
  converted?: keyof typeof CONVERTED
  optional?: boolean
}

const TYPES = { BOOLEAN: 0, INT32: 1, INT64: 2, DOUBLE: 5, BYTE_ARRAY: 6, FIXED_LEN_BYTE_ARRAY: 7 }
const CONVERTED = {
  UTF8: 0,
  MAP: 1,
  LIST: 3,
  DATE: 6,
  TIMESTAMP_MILLIS: 9,
  TIMESTAMP_MICROS: 10,
  UINT_8: 11,
  UINT_16: 12,
  UINT_32: 13,
  UINT_64: 14,
  INT_8: 15,
  INT_16: 16,
  INT_32: 17,
  JSON: 19,
}

type Field = [id: number, value: Value] | undefined
type Value = { i32: number } | { i64: number } | { text: string } | { list: Value[] } | { struct: Field[] }

/** `groups[g][row][column]`, null for none. */
export function parquetBytes(columns: TestColumn[], groups: unknown[][][]): Buffer {
  return fileBytes(
    columns.map(schemaOf),
    columns.length,
    groups.map((rows) => ({
      rows: rows.length,
      chunks: columns.map((column, i) => {
        const values = rows.map((row) => row[i])
        return { path: [column.name], type: column.type, count: rows.length, body: pageBody(column, values) }
      }),
    })),
  )
}

/** A part of a schema: a leaf with a type, or a group with children. */
export interface TestNode {
  name: string
  repetition: 'required' | 'optional' | 'repeated'
  type?: keyof typeof TYPES
  /** Bytes of a FIXED_LEN_BYTE_ARRAY. */
  length?: number
  converted?: keyof typeof CONVERTED
  children?: TestNode[]
}

/** A leaf's values as Parquet has them: repetition level, definition level, and the value where the latter is the highest. */
export type Entry = [repetition: number, definition: number, value?: unknown]

/** One row group of nested columns; `entries` by the path of the leaf, with dots. */
export function nestedParquetBytes(nodes: TestNode[], rows: number, entries: Readonly<Record<string, Entry[]>>): Buffer {
  const leaves = nodes.flatMap((node) => leavesOf(node, [], { repetition: 0, definition: 0 }))
  const chunks = leaves.map(({ path, type, highest }) => {
    const list = entries[path.join('.')] as Entry[]
    const levels = [
      levelRun(
        list.map(([repetition]) => repetition),
        highest.repetition,
      ),
      levelRun(
        list.map(([, definition]) => definition),
        highest.definition,
      ),
    ]
    const values = list.filter(([, definition]) => definition === highest.definition).map(([, , value]) => plain(type, value))
    return { path, type, count: list.length, body: Buffer.concat([...levels, ...values]) }
  })
  return fileBytes(nodes.flatMap(elementsOf), nodes.length, [{ rows, chunks }])
}

interface Levels {
  readonly repetition: number
  readonly definition: number
}

interface Leaf {
  readonly path: string[]
  readonly type: keyof typeof TYPES
  readonly highest: Levels
}

function leavesOf({ name, repetition, type, children = [] }: TestNode, above: readonly string[], levels: Levels): Leaf[] {
  const path = [...above, name]
  const highest = {
    repetition: levels.repetition + Number(repetition === 'repeated'),
    definition: levels.definition + Number(repetition !== 'required'),
  }
  return type === undefined ? children.flatMap((child) => leavesOf(child, path, highest)) : [{ path, type, highest }]
}

function elementsOf({ name, repetition, type, length, converted, children = [] }: TestNode): Value[] {
  const element: Value = {
    struct: [
      type && [1, { i32: TYPES[type] }],
      length === undefined ? undefined : [2, { i32: length }],
      [3, { i32: ['required', 'optional', 'repeated'].indexOf(repetition) }],
      [4, { text: name }],
      children.length > 0 ? [5, { i32: children.length }] : undefined,
      converted && [6, { i32: CONVERTED[converted] }],
    ],
  }
  return [element, ...children.flatMap(elementsOf)]
}

interface Chunk {
  readonly path: readonly string[]
  readonly type: keyof typeof TYPES
  /** Values, nulls among them. */
  readonly count: number
  readonly body: Buffer
}

function fileBytes(schema: Value[], columns: number, groups: readonly { rows: number; chunks: readonly Chunk[] }[]): Buffer {
  const parts: Buffer[] = [Buffer.from('PAR1')]
  let position = 4
  const rowGroups = groups.map(({ rows, chunks }): Value => {
    const written = chunks.map(({ path, type, count, body }): Value => {
      const header: Field[] = [
        [1, { i32: 0 }],
        [2, { i32: body.length }],
        [3, { i32: body.length }],
        [
          5,
          {
            struct: [
              [1, { i32: count }],
              [2, { i32: 0 }],
              [3, { i32: 3 }],
              [4, { i32: 3 }],
            ],
          },
        ],
      ]
      const page = Buffer.concat([compact({ struct: header }), body])
      parts.push(page)
      const meta: Field[] = [
        [1, { i32: TYPES[type] }],
        [2, { list: [{ i32: 0 }] }],
        [3, { list: path.map((text) => ({ text })) }],
        [4, { i32: 0 }],
        [5, { i64: count }],
        [6, { i64: page.length }],
        [7, { i64: page.length }],
        [9, { i64: position }],
      ]
      position += page.length
      return {
        struct: [
          [2, { i64: position - page.length }],
          [3, { struct: meta }],
        ],
      }
    })
    return {
      struct: [
        [1, { list: written }],
        [2, { i64: 0 }],
        [3, { i64: rows }],
      ],
    }
  })
  const root: Value = {
    struct: [
      [4, { text: 'root' }],
      [5, { i32: columns }],
    ],
  }
  const footer = compact({
    struct: [
      [1, { i32: 1 }],
      [2, { list: [root, ...schema] }],
      [3, { i64: groups.reduce((sum, { rows }) => sum + rows, 0) }],
      [4, { list: rowGroups }],
    ],
  })
  const length = Buffer.alloc(4)
  length.writeUInt32LE(footer.length)
  return Buffer.concat([...parts, footer, length, Buffer.from('PAR1')])
}

function schemaOf({ name, type, converted, optional }: TestColumn): Value {
  return {
    struct: [
      [1, { i32: TYPES[type] }],
      [3, { i32: optional ? 1 : 0 }],
      [4, { text: name }],
      converted ? [6, { i32: CONVERTED[converted] }] : undefined,
    ],
  }
}

function pageBody({ type, optional }: TestColumn, values: unknown[]): Buffer {
  const present = values.filter((value) => value !== null)
  const data = type === 'BOOLEAN' ? bits(present.map(Boolean)) : Buffer.concat(present.map((value) => plain(type, value)))
  if (!optional) return data
  const levels = values.map((value) => Number(value !== null))
  return Buffer.concat([levelRun(levels, 1), data])
}

/** Levels from 0 to the highest, as one bit-packed run behind its length; none where there is but one level. */
function levelRun(levels: readonly number[], highest: number): Buffer {
  if (highest === 0) return Buffer.alloc(0)
  const width = 32 - Math.clz32(highest)
  const groups = Math.ceil(levels.length / 8)
  const packed = bits(
    Array.from({ length: 8 * groups * width }, (_none, i) => (((levels[Math.floor(i / width)] ?? 0) >> (i % width)) & 1) === 1),
  )
  const run = Buffer.concat([varint(BigInt((groups << 1) | 1)), packed])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(run.length)
  return Buffer.concat([length, run])
}

function bits(values: boolean[]): Buffer {
  const bytes = Buffer.alloc(Math.ceil(values.length / 8))
  values.forEach((value, i) => {
    if (value) bytes[i >> 3] |= 1 << (i & 7)
  })
  return bytes
}

function plain(type: TestColumn['type'], value: unknown): Buffer {
  if (type === 'FIXED_LEN_BYTE_ARRAY') return Buffer.from(value as string)
  const bytes = Buffer.alloc(8)
  if (type === 'INT32') bytes.writeInt32LE(value as number)
  else if (type === 'INT64') bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value as number)))
  else if (type === 'DOUBLE') bytes.writeDoubleLE(value as number)
  else {
    const text = Buffer.from(value as string)
    bytes.writeUInt32LE(text.length)
    return Buffer.concat([bytes.subarray(0, 4), text])
  }
  return type === 'INT32' ? bytes.subarray(0, 4) : bytes
}

/** Thrift's compact protocol. */
function compact(value: Value): Buffer {
  if ('i32' in value) return zigzag(value.i32)
  if ('i64' in value) return zigzag(value.i64)
  if ('text' in value) return Buffer.concat([varint(BigInt(Buffer.byteLength(value.text))), Buffer.from(value.text)])
  if ('list' in value) {
    const head =
      value.list.length < 15
        ? Buffer.from([(value.list.length << 4) | kind(value.list[0])])
        : Buffer.concat([Buffer.from([0xf0 | kind(value.list[0])]), varint(BigInt(value.list.length))])
    return Buffer.concat([head, ...value.list.map(compact)])
  }
  let last = 0
  const fields = value.struct.flatMap((field) => {
    if (field === undefined) return []
    const head = Buffer.from([((field[0] - last) << 4) | kind(field[1])])
    last = field[0]
    return [head, compact(field[1])]
  })
  return Buffer.concat([...fields, Buffer.from([0])])
}

function kind(value: Value | undefined): number {
  if (value === undefined || 'struct' in value) return 12
  return 'i32' in value ? 5 : 'i64' in value ? 6 : 'text' in value ? 8 : 9
}

function zigzag(value: number): Buffer {
  return varint(BigInt(value) * 2n)
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  for (let left = value; ; left >>= 7n) {
    if (left < 128n) return Buffer.from([...bytes, Number(left)])
    bytes.push(Number(left & 127n) | 128)
  }
}
