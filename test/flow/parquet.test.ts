import assert from 'node:assert/strict'
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Row } from '../../src/columnar/schema.js'
import { END, PAUSE } from '../../src/flow/operators/cursor.js'
import { enumerateSplits } from '../../src/flow/sources/enumerate.js'
import { ParquetSource } from '../../src/flow/sources/parquet-source.js'
import type { SourceCursor } from '../../src/flow/sources/source-cursor.js'
import type { Split } from '../../src/flow/sources/split.js'
import { parquet, type SourceColumns } from '../../src/flow.js'
import { type Entry, nestedParquetBytes, parquetBytes, type TestColumn, type TestNode } from './parquet-writer.js'
import { collect } from './support.js'

const FLIGHTS = fileURLToPath(new URL('../../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url))

let cwd = ''
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'millrace-parquet-'))
})
after(() => rm(cwd, { recursive: true }))

function open(columns: SourceColumns | undefined, splits: readonly Split[]): SourceCursor {
  const queue = [...splits]
  const { input } = columns === undefined ? parquet('x') : parquet('x', { columns })
  return new ParquetSource('columns' in input ? input.columns : undefined, async () => queue.shift(), cwd)
}

async function drainSource(source: SourceCursor): Promise<Row[]> {
  const rows: Row[] = []
  for (;;) {
    const row = source.next()
    if (row === END) return rows
    if (row === PAUSE) await source.ready()
    else rows.push(row)
  }
}

let files = 0
function read(types: TestColumn[], rows: unknown[][], columns?: SourceColumns): Promise<Row[]> {
  return readBytes(parquetBytes(types, [rows]), columns)
}

async function readBytes(bytes: Buffer, columns?: SourceColumns): Promise<Row[]> {
  const path = `file-${files++}.parquet`
  await writeFile(join(cwd, path), bytes)
  return drainSource(open(columns, [{ id: 0, files: [{ path, start: 0, end: bytes.length }] }]))
}

const ALL: TestColumn[] = [
  { name: 'on', type: 'BOOLEAN' },
  { name: 'small', type: 'INT32' },
  { name: 'big', type: 'INT64', optional: true },
  { name: 'x', type: 'DOUBLE' },
  { name: 'name', type: 'BYTE_ARRAY', converted: 'UTF8', optional: true },
  { name: 'raw', type: 'BYTE_ARRAY' },
  { name: 'day', type: 'INT32', converted: 'DATE' },
  { name: 'at', type: 'INT64', converted: 'TIMESTAMP_MICROS', optional: true },
]
const ROWS = [
  [true, -7, 5, 0.5, 'é', 'ab', 1, 1_600_000_000_123_456],
  [false, 9, null, Number.NaN, null, '', -1, null],
]

test('without columns everything is read: integers as numbers, dates as Date, nulls as null', async () => {
  assert.deepEqual(await read(ALL, ROWS), [
    { on: true, small: -7, big: 5, x: 0.5, name: 'é', raw: 'ab', day: new Date(86_400_000), at: new Date(1_600_000_000_123) },
    { on: false, small: 9, big: null, x: Number.NaN, name: null, raw: '', day: new Date(-86_400_000), at: null },
  ])
})

test('declared columns are read alone, in the declared order and types', async () => {
  const rows = await read(ALL, ROWS, { at: 'timestamp?', big: 'int64?', small: 'float64', raw: 'binary' })
  assert.deepEqual(rows, [
    { at: new Date(1_600_000_000_123), big: 5n, small: -7, raw: new Uint8Array([97, 98]) },
    { at: null, big: null, small: 9, raw: new Uint8Array(0) },
  ])
  assert.deepEqual(Object.keys(rows[0]), ['at', 'big', 'small', 'raw'])
  assert.deepEqual(await read(ALL, ROWS, { small: 'int64' }), [{ small: -7n }, { small: 9n }])
})

test('integers of up to 32 bits, and no others, are int32, but where they are declared otherwise', async () => {
  const types = ['INT_8', 'INT_16', 'INT_32', 'UINT_8', 'UINT_16', 'UINT_32', 'DATE'] as const
  const columns: TestColumn[] = [
    { name: 'plain', type: 'INT32' },
    ...types.map((converted) => ({ name: converted, type: 'INT32' as const, converted })),
    { name: 'long', type: 'INT64' },
    { name: 'none', type: 'DOUBLE' },
  ]
  await writeFile(join(cwd, 'ints.parquet'), parquetBytes(columns, [[columns.map(() => 1)]]))
  for (const [declared, expected] of [
    [undefined, ['plain', 'INT_8', 'INT_16', 'INT_32', 'UINT_8', 'UINT_16']],
    [{ plain: 'float64', long: 'int32', INT_8: 'int64', UINT_8: 'int32' } as const, ['UINT_8', 'long']],
  ] as const) {
    const source = open(declared, [{ id: 0, files: [{ path: 'ints.parquet', start: 0, end: 1e6 }] }])
    assert.equal((await drainSource(source)).length, 1)
    assert.deepEqual(
      columns.map(({ name }) => name).filter((name) => source.int32.has(name)),
      expected,
    )
  }
})

test('rows do not share a Date', async () => {
  const [a, b] = await read([{ name: 'day', type: 'INT32', converted: 'DATE' }], [[1], [1]])
  assert.notEqual(a.day, b.day)
})

test('a 64-bit integer beyond 2^53 is an error with column, row and cure unless bigints are asked for', async () => {
  const types: TestColumn[] = [{ name: 'id', type: 'INT64' }]
  const rows = [[1], [2n ** 53n], [-(2n ** 63n)]]
  const refused = { code: 'FileColumn', offset: 1, message: /column "id", row 1 is 9007199254740992.*declare 'int64'/ }
  await assert.rejects(read(types, rows), refused)
  await assert.rejects(read(types, rows, { id: 'float64' }), refused)
  assert.deepEqual(await read(types, rows, { id: 'int64' }), [{ id: 1n }, { id: 2n ** 53n }, { id: -(2n ** 63n) }])
  await assert.rejects(read(types, rows, { id: 'int32' }), { code: 'FileColumn', message: /does not fit int32/ })
})

test('an unsigned integer beyond int64 is an error, not a negative number', async () => {
  await assert.rejects(read([{ name: 'id', type: 'INT64', converted: 'UINT_64' }], [[2n ** 63n]], { id: 'int64' }), {
    code: 'FileColumn',
    message: /9223372036854775808/,
  })
})

test('a null in a column declared without ? is an error with column, row and cure', async () => {
  await assert.rejects(read(ALL, ROWS, { name: 'utf8' }), {
    code: 'FileColumn',
    offset: 1,
    message: /column "name", row 1 is null: declare 'utf8\?'/,
  })
})

test('a column of another type and a missing column are errors that say what there is', async () => {
  await assert.rejects(read(ALL, ROWS, { x: 'utf8' }), { code: 'FileColumn', message: /column "x" is float64, declared utf8/ })
  await assert.rejects(read(ALL, ROWS, { small: 'boolean' }), { code: 'FileColumn' })
  await assert.rejects(read(ALL, ROWS, { delay: 'float64' }), {
    code: 'ColumnMissing',
    message: /no column "delay"; it has on, small, big, x, name/,
  })
})

test('JSON columns stay text', async () => {
  assert.deepEqual(await read([{ name: 'j', type: 'BYTE_ARRAY', converted: 'JSON' }], [['{"a":1}']]), [{ j: '{"a":1}' }])
})

const element = (...children: TestNode[]): TestNode => ({ name: 'element', repetition: 'optional', children })
const listOf = (name: string, of: TestNode): TestNode => ({
  name,
  repetition: 'optional',
  converted: 'LIST',
  children: [{ name: 'list', repetition: 'repeated', children: [of] }],
})
const leaf = (name: string, type: TestColumn['type'], more: Partial<TestNode> = {}): TestNode => ({
  name,
  repetition: 'optional',
  type,
  ...more,
})

const NESTED: TestNode[] = [
  leaf('id', 'INT32', { repetition: 'required' }),
  leaf('raw', 'FIXED_LEN_BYTE_ARRAY', { length: 2 }),
  listOf('tags', leaf('element', 'BYTE_ARRAY', { converted: 'UTF8' })),
  {
    name: 'at',
    repetition: 'optional',
    children: [
      leaf('x', 'INT64'),
      leaf('when', 'INT64', { converted: 'TIMESTAMP_MICROS' }),
      leaf('code', 'FIXED_LEN_BYTE_ARRAY', { length: 3 }),
    ],
  },
  listOf('points', element(leaf('x', 'DOUBLE', { repetition: 'required' }), leaf('json', 'BYTE_ARRAY', { converted: 'JSON' }))),
  {
    name: 'counts',
    repetition: 'optional',
    converted: 'MAP',
    children: [
      {
        name: 'key_value',
        repetition: 'repeated',
        children: [leaf('key', 'BYTE_ARRAY', { converted: 'UTF8', repetition: 'required' }), leaf('value', 'INT32')],
      },
    ],
  },
]

const ENTRIES: Record<string, Entry[]> = {
  id: [
    [0, 0, 1],
    [0, 0, 2],
    [0, 0, 3],
  ],
  raw: [
    [0, 1, 'ab'],
    [0, 0],
    [0, 1, 'cd'],
  ],
  'tags.list.element': [
    [0, 3, 'é'],
    [1, 2],
    [0, 1],
    [0, 0],
  ],
  'at.x': [
    [0, 2, 5],
    [0, 1],
    [0, 0],
  ],
  'at.when': [
    [0, 1],
    [0, 2, -1_500],
    [0, 0],
  ],
  'at.code': [
    [0, 2, 'xyz'],
    [0, 1],
    [0, 0],
  ],
  'points.list.element.x': [
    [0, 3, 1],
    [1, 2],
    [0, 3, 2.5],
    [0, 0],
  ],
  'points.list.element.json': [
    [0, 4, '{"a":1}'],
    [1, 2],
    [0, 3],
    [0, 0],
  ],
  'counts.key_value.key': [
    [0, 2, 'a'],
    [1, 2, 'b'],
    [0, 1],
    [0, 0],
  ],
  'counts.key_value.value': [
    [0, 3, 1],
    [1, 2],
    [0, 1],
    [0, 0],
  ],
}

test('lists, structures, maps and bytes are arrays, objects and bytes of their own, with nulls where they are', async () => {
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
  const rows = await readBytes(nestedParquetBytes(NESTED, 3, ENTRIES))
  assert.deepEqual(rows, [
    {
      id: 1,
      raw: bytes('ab'),
      tags: ['é', null],
      at: { x: 5, when: null, code: bytes('xyz') },
      points: [{ x: 1, json: '{"a":1}' }, null],
      counts: { a: 1, b: null },
    },
    { id: 2, raw: null, tags: [], at: { x: null, when: new Date(-2), code: null }, points: [{ x: 2.5, json: null }], counts: {} },
    { id: 3, raw: bytes('cd'), tags: null, at: null, points: null, counts: null },
  ])
  const columns = { counts: 'struct?', tags: 'list?', at: 'struct?' } as const
  assert.deepEqual(
    await readBytes(nestedParquetBytes(NESTED, 3, ENTRIES), columns),
    rows.map(({ counts, tags, at: object }) => ({ counts, tags, at: object })),
  )
  for (const [wrong, message] of [
    [{ tags: 'struct?' }, /column "tags" is list, declared struct/],
    [{ at: 'list?' }, /column "at" is struct, declared list/],
    [{ id: 'list' }, /column "id" is int32, declared list/],
    [{ tags: 'list' }, /column "tags", row 2 is null: declare 'list\?'/],
  ] as const) {
    await assert.rejects(readBytes(nestedParquetBytes(NESTED, 3, ENTRIES), wrong), { code: 'FileColumn', message })
  }
  const { raw, at } = rows[0] as unknown as { raw: Uint8Array; at: { code: Uint8Array } }
  assert.deepEqual([raw.buffer.byteLength, at.code.buffer.byteLength], [2, 3])
  assert.deepEqual(
    (await readBytes(nestedParquetBytes(NESTED, 3, ENTRIES), { raw: 'binary?' })).map((row) => row.raw),
    [bytes('ab'), null, bytes('cd')],
  )
})

test('a 64-bit integer beyond 2^53 inside a list or structure is an error, and so is a field or key __proto__', async () => {
  const of = (field: string, value: unknown) => {
    const node: TestNode = { name: 'at', repetition: 'optional', children: [leaf(field, 'INT64')] }
    return readBytes(nestedParquetBytes([node], 1, { [`at.${field}`]: [[0, 2, value]] }))
  }
  assert.deepEqual(await of('x', 2n ** 53n - 1n), [{ at: { x: 2 ** 53 - 1 } }])
  await assert.rejects(of('x', 2n ** 53n), { code: 'FileColumn', message: /column "at", row 0 is .* does not fit a number exactly/ })
  const proto = {
    ...ENTRIES,
    'counts.key_value.key': [[0, 2, '__proto__'], ...(ENTRIES['counts.key_value.key'] as Entry[]).slice(1)] as Entry[],
  }
  await assert.rejects(readBytes(nestedParquetBytes(NESTED, 3, proto)), { code: 'SourceRead', message: /a map holds the text "__proto__"/ })
  await assert.rejects(of('__proto__', 1), {
    code: 'FileColumn',
    message: /column "at" has a field named "__proto__", which cannot be read/,
  })
})

test('row groups belong to the split in which they start: any cut gives every row once, with its number', async () => {
  const types: TestColumn[] = [{ name: 'n', type: 'INT32' }]
  const groups = [[[0], [1], [2]], [], [[3]], [[4], [5]]]
  const bytes = parquetBytes(types, groups)
  await writeFile(join(cwd, 'groups.parquet'), bytes)
  for (let cut = 0; cut <= bytes.length; cut++) {
    const ranges = [
      [0, cut],
      [cut, bytes.length],
    ].filter(([start, end]) => start < end)
    const source = open(
      undefined,
      ranges.map(([start, end], id) => ({ id, files: [{ path: 'groups.parquet', start, end }] })),
    )
    const seen: unknown[] = []
    for (let row = source.next(); row !== END; row = source.next()) {
      if (row === PAUSE) await source.ready()
      else seen.push([row.n, source.current?.offset])
    }
    assert.deepEqual(
      seen,
      [0, 1, 2, 3, 4, 5].map((n) => [n, n]),
    )
    assert.equal(source.rowsRead, 6)
    assert.equal(source.bytesRead, bytes.length)
  }
})

test('a file that is no Parquet file, is cut short, or is gone is an error that names it', async () => {
  await writeFile(join(cwd, 'text.parquet'), 'this is not a parquet file')
  await writeFile(join(cwd, 'tiny.parquet'), 'x')
  for (const path of ['text.parquet', 'tiny.parquet', 'gone.parquet']) {
    const source = open(undefined, [{ id: 0, files: [{ path, start: 0, end: 26 }] }])
    await assert.rejects(drainSource(source), { code: 'SourceRead', message: new RegExp(`^${path}: `) })
    assert.throws(() => source.next(), { code: 'SourceRead' })
    await assert.rejects(source.ready(), { code: 'SourceRead' })
  }
})

test('one row group of the flights is read whole, with the types of the declaration', async () => {
  const columns = { delay: 'float64', origin: 'utf8', date: 'timestamp' } as const
  const source = open(columns, [{ id: 0, files: [{ path: FLIGHTS, start: 0, end: 1000 }] }])
  const rows = await drainSource(source)
  assert.equal(rows.length, 272_727)
  assert.deepEqual(Object.keys(rows[0]), ['delay', 'origin', 'date'])
  assert.ok(rows.every((row) => typeof row.delay === 'number' && typeof row.origin === 'string' && row.date instanceof Date))
})

test('a source closed before, while and after loading has no file open and gives END', async () => {
  const splits = [{ id: 0, files: [{ path: FLIGHTS, start: 0, end: 1000 }] }]
  const openNow = async (): Promise<string[]> => {
    const fds = await readdir('/proc/self/fd').catch(() => [])
    const paths = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
    return paths.filter((path) => path.endsWith('.parquet'))
  }
  for (const moment of ['before', 'while', 'after']) {
    const source = open({ delay: 'float64' }, splits)
    const loading = moment === 'before' ? undefined : source.ready()
    if (moment === 'after') await loading
    source.close()
    assert.equal(source.next(), END)
    await source.ready()
    await loading
    assert.deepEqual(await openNow(), [], moment)
  }
})

test('splits of a Parquet file are ranges of about a mebibyte, without looking into it', async () => {
  const splits = await collect(enumerateSplits(parquet(FLIGHTS).input))
  assert.equal(splits.length, 13)
  assert.deepEqual(splits[0], { id: 0, files: [{ path: FLIGHTS, start: 0, end: 1_048_576 }] })
})
