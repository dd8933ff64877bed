/** Just enough of a Parquet writer for tests: uncompressed, PLAIN, one data page per column of a row group. */
export interface TestColumn {
  name: string
  type: 'BOOLEAN' | 'INT32' | 'INT64' | 'DOUBLE' | 'BYTE_ARRAY'
  converted?: 'UTF8' | 'DATE' | 'TIMESTAMP_MILLIS' | 'TIMESTAMP_MICROS' | 'UINT_64' | 'JSON'
  optional?: boolean
}

const TYPES = { BOOLEAN: 0, INT32: 1, INT64: 2, DOUBLE: 5, BYTE_ARRAY: 6 }
const CONVERTED = { UTF8: 0, DATE: 6, TIMESTAMP_MILLIS: 9, TIMESTAMP_MICROS: 10, UINT_64: 14, JSON: 19 }

type Field = [id: number, value: Value] | undefined
type Value = { i32: number } | { i64: number } | { text: string } | { list: Value[] } | { struct: Field[] }

/** `groups[g][row][column]`, null for none. */
export function parquetBytes(columns: TestColumn[], groups: unknown[][][]): Buffer {
  const parts: Buffer[] = [Buffer.from('PAR1')]
  let position = 4
  const rowGroups = groups.map((rows): Value => {
    const chunks = columns.map((column, i): Value => {
      const body = pageBody(
        column,
        rows.map((row) => row[i]),
      )
      const header: Field[] = [
        [1, { i32: 0 }],
        [2, { i32: body.length }],
        [3, { i32: body.length }],
        [
          5,
          {
            struct: [
              [1, { i32: rows.length }],
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
        [1, { i32: TYPES[column.type] }],
        [2, { list: [{ i32: 0 }] }],
        [3, { list: [{ text: column.name }] }],
        [4, { i32: 0 }],
        [5, { i64: rows.length }],
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
        [1, { list: chunks }],
        [2, { i64: 0 }],
        [3, { i64: rows.length }],
      ],
    }
  })
  const root: Value = {
    struct: [
      [4, { text: 'root' }],
      [5, { i32: columns.length }],
    ],
  }
  const rowCount = groups.reduce((sum, rows) => sum + rows.length, 0)
  const footer = compact({
    struct: [
      [1, { i32: 1 }],
      [2, { list: [root, ...columns.map(schemaOf)] }],
      [3, { i64: rowCount }],
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
  const levels = bits(values.map((value) => value !== null))
  const run = Buffer.concat([varint(BigInt((levels.length << 1) | 1)), levels])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(run.length)
  return Buffer.concat([length, run, data])
}

function bits(values: boolean[]): Buffer {
  const bytes = Buffer.alloc(Math.ceil(values.length / 8))
  values.forEach((value, i) => {
    if (value) bytes[i >> 3] |= 1 << (i & 7)
  })
  return bytes
}

function plain(type: TestColumn['type'], value: unknown): Buffer {
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
