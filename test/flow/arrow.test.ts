import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as arrowJs from 'apache-arrow'
import fc from 'fast-check'
import { flow, arrow as publishedArrow } from 'millrace/flow'
import { ArrowEncoder } from '../../src/columnar/arrow-encoder.js'
import type { Row } from '../../src/columnar/schema.js'
import { END, PAUSE } from '../../src/flow/operators/cursor.js'
import { openSource } from '../../src/flow/sources/open-source.js'
import { arrow, readBatches, type SourceColumns } from '../../src/flow.js'

const FULL = process.env.MILLRACE_FULL === '1'
const FIXTURES = fileURLToPath(new URL('../../../test/flow/fixtures/', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'millrace-arrow-'))
after(() => rmSync(folder, { recursive: true }))

async function read(path: string, columns?: SourceColumns): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of readBatches(columns === undefined ? arrow<Row>(path) : arrow(path, { columns }))) rows.push(...(batch as Row[]))
  return rows
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** The row that the fixtures have at an index: every type that is read, each seventh row null. */
function fixtureRow(i: number): Row {
  const days = new Date(Date.UTC(1969, 11, 1 + i))
  const row = {
    i8: i - 20,
    u16: i * 1000,
    i32: i === 0 ? 0 : -i,
    u32: 4_000_000_000 + i,
    i64: 2 ** 52 + i,
    u64: i,
    f16: i / 2,
    f32: i / 4,
    f64: i / 8,
    b: i % 2 === 0,
    s: ['', 'ß', 'ß日', 'ß日😀'][i % 4].repeat(2),
    ls: `t${i}`,
    sv: i % 2 === 1 ? `a text that is longer than twelve ${i}` : 'x',
    bin: new Uint8Array([i, 255]),
    fb: new Uint8Array([i, 1, 2]),
    dec: i / 4,
    d32: days,
    d64: days,
    ts: new Date((i * 1000 - 20_000) * 1000),
    tms: new Date(i - 20),
    tus: new Date(Math.floor((i - 20) / 2)),
    tns: new Date(Math.floor((i - 20) / 2)),
    t32: i,
    t64: i,
    li: Array.from({ length: i % 4 }, (_none, k) => (k === 1 ? null : 2 ** 40 + k)),
    fl: [i, i + 1],
    st: { x: i, at: new Date(Date.UTC(2020, 0, 1, 0, 0, i)), names: [`n${i}`] },
    mp: { [`k${i}`]: i },
    dic: `v${i % 5}`,
  }
  const values = i % 7 === 3 ? Object.fromEntries(Object.keys(row).map((name) => [name, null])) : row
  return { ...values, ree: i < 10 ? 'first' : null, nul: null }
}

for (const name of ['types.arrow', 'types-lz4.arrow', 'types-zstd.arrow']) {
  test(`every type that is read, as another program wrote it (${name})`, async () => {
    assert.deepEqual(
      await read(join(FIXTURES, name)),
      Array.from({ length: 40 }, (_none, i) => fixtureRow(i)),
    )
  })
}

test('dictionaries that are replaced, or grow, hold for the batches behind them', async () => {
  const words = ['a', 'b', null, 'a', 'c', 'c', 'a']
  for (const [name, expected] of [
    ['dictionary-replaced.arrows', [...words, 'x', 'x', 'y']],
    ['dictionary-delta.arrows', [...words, 'x', 'x', 'y']],
    ['dictionary-delta.arrow', words],
  ] as const) {
    assert.deepEqual(
      (await read(join(FIXTURES, name))).map((row) => row.word),
      expected,
      name,
    )
  }
})

test('columns are chosen and checked as those of Parquet', async () => {
  const path = join(FIXTURES, 'types.arrow')
  const [first] = await read(path, {
    i64: 'int64?',
    u32: 'float64?',
    i8: 'int32?',
    nul: 'utf8?',
    bin: 'binary?',
    tus: 'timestamp?',
    fl: 'list?',
    mp: 'struct?',
  })
  assert.deepEqual(first, {
    i64: 2n ** 52n,
    u32: 4e9,
    i8: -20,
    nul: null,
    bin: new Uint8Array([0, 255]),
    tus: new Date(-10),
    fl: [0, 1],
    mp: { k0: 0 },
  })
  for (const [columns, code, message] of [
    [{ none: 'utf8' }, 'ColumnMissing', /no column "none"; it has i8, u16/],
    [{ s: 'float64' }, 'FileColumn', /column "s" is utf8, declared float64/],
    [{ st: 'utf8' }, 'FileColumn', /column "st" is struct, declared utf8/],
    [{ s: 'utf8' }, 'FileColumn', /column "s", row 3 is null: declare 'utf8\?'/],
    [{ u32: 'int32?' }, 'FileColumn', /column "u32", row 0 is 4000000000, which does not fit int32/],
    [{ nul: 'utf8' }, 'FileColumn', /row 0 is null: declare 'utf8\?'/],
  ] as const) {
    await assert.rejects(read(path, columns), { code, message })
  }
})

test('what does not fit a number or a Date, or is of a type that nobody reads, is an error with its name', async () => {
  const table = new arrowJs.Table({
    big: arrowJs.vectorFromArray([1n, 2n ** 60n], new arrowJs.Int64()),
    at: new arrowJs.Vector([
      arrowJs.makeData({ type: new arrowJs.TimestampSecond(), length: 2, data: new BigInt64Array([0n, 2n ** 55n]) }),
    ]),
    span: arrowJs.vectorFromArray([1n, 2n], new arrowJs.DurationSecond()),
  })
  const path = write('misfits.arrows', arrowJs.tableToIPC(table, 'stream'))
  await assert.rejects(read(path, { big: 'float64' }), {
    code: 'FileColumn',
    message: /"big", row 1 is 1152921504606846976, .* declare 'int64'/,
  })
  assert.deepEqual(await read(path, { big: 'int64' }), [{ big: 1n }, { big: 2n ** 60n }])
  await assert.rejects(read(path, { at: 'timestamp' }), {
    code: 'FileColumn',
    message: /column "at", row 1 is \d+, which does not fit a Date/,
  })
  await assert.rejects(read(path), { code: 'FileColumn', message: /column "span" is a Duration, which cannot be read here/ })
})

/** Tables of several batches, some of them empty or slices of others. */
const column = fc.oneof(
  fc.array(fc.option(fc.double()), { maxLength: 30 }).map((values) => ({ type: new arrowJs.Float64(), values })),
  fc.array(fc.option(fc.integer()), { maxLength: 30 }).map((values) => ({ type: new arrowJs.Int32(), values })),
  fc.array(fc.option(fc.string({ unit: 'binary' })), { maxLength: 30 }).map((values) => ({ type: new arrowJs.Utf8(), values })),
  fc.array(fc.option(fc.boolean()), { maxLength: 30 }).map((values) => ({ type: new arrowJs.Bool(), values })),
  fc
    .array(fc.option(fc.date({ noInvalidDate: true })), { maxLength: 30 })
    .map((values) => ({ type: new arrowJs.TimestampMillisecond(), values })),
  fc
    .array(fc.option(fc.constantFrom('red', 'green', 'blue', 'ß')), { maxLength: 30 })
    .map((values) => ({ type: new arrowJs.Dictionary(new arrowJs.Utf8(), new arrowJs.Int8()), values })),
)

for (const format of ['stream', 'file'] as const) {
  test(`what apache-arrow writes is read as it was (${format})`, async () => {
    await fc.assert(
      fc.asyncProperty(column, fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), async ({ type, values }, cuts) => {
        const whole = new arrowJs.Table({ value: arrowJs.vectorFromArray(values as unknown[], type as arrowJs.DataType) })
        const edges = [0, ...cuts.map((cut) => Math.min(cut, values.length)).sort((a, b) => a - b), values.length]
        const batches = edges.slice(1).flatMap((end, i) => whole.slice(edges[i], end).batches)
        const table = new arrowJs.Table(whole.schema, batches)
        const path = write('random.arrow', arrowJs.tableToIPC(table, format))
        const expected = values.map((value) => ({ value }))
        assert.deepEqual(await read(path), expected)
      }),
      { numRuns: FULL ? 2000 : 30 },
    )
  })
}

test('what the encoder of this package writes is read as it was', async () => {
  const schema = [
    { name: 'n', type: 'float64' },
    { name: 'i', type: 'int64' },
    { name: 's', type: 'utf8' },
    { name: 'word', type: 'utf8' },
    { name: 'b', type: 'boolean' },
    { name: 'at', type: 'timestamp' },
    { name: 'none', type: 'null' },
    { name: 'bytes', type: 'binary' },
    { name: 'tags', type: { list: 'utf8' } },
    {
      name: 'inner',
      type: {
        struct: [
          { name: 'at', type: 'timestamp' },
          { name: 'ns', type: { list: 'float64' } },
        ],
      },
    },
  ] as const
  const rows = Array.from({ length: 50 }, (_none, k) => {
    const row = {
      n: k / 2,
      i: BigInt(k) ** 11n,
      s: `ß ${k}`,
      word: `w${k % (k < 20 ? 3 : 5)}`,
      b: k % 3 === 0,
      at: new Date(k * 1e10 - 1e11),
    }
    const nested = {
      bytes: new Uint8Array([k]),
      tags: ['a', null, `t${k}`].slice(k % 4),
      inner: { at: k % 5 === 0 ? null : new Date(k), ns: [k] },
    }
    return k % 7 === 3 ? Object.fromEntries(schema.map(({ name }) => [name, null])) : { ...row, none: null, ...nested }
  })
  for (const format of ['stream', 'file'] as const) {
    const encoder = new ArrowEncoder({ format, dictionaries: ['word'] })
    const parts = [encoder.schema(schema)]
    for (const batch of [rows.slice(0, 20), [], rows.slice(20, 21), rows.slice(21)]) parts.push(encoder.rows(batch))
    parts.push(encoder.end())
    const path = write('ours.arrow', Buffer.concat(parts))
    const flat = { n: 'float64?', i: 'int64?', s: 'utf8?', word: 'utf8?', b: 'boolean?', at: 'timestamp?', none: 'utf8?' } as const
    const columns = { ...flat, bytes: 'binary?', tags: 'list?', inner: 'struct?' } as const
    assert.deepEqual(await read(path, columns), rows, format)
  }
})

/** Three batches of 0 to 20 rows, with a dictionary. */
function small(format: 'stream' | 'file'): Uint8Array {
  const batchOf = (from: number, rows: number): arrowJs.Table =>
    new arrowJs.Table({
      n: arrowJs.vectorFromArray(
        Array.from({ length: rows }, (_none, i) => from + i),
        new arrowJs.Float64(),
      ),
      s: arrowJs.vectorFromArray(
        Array.from({ length: rows }, (_none, i) => `text ${from + i}`),
        new arrowJs.Utf8(),
      ),
    })
  const parts = [batchOf(0, 20), batchOf(20, 0), batchOf(20, 5), batchOf(25, 17)]
  return arrowJs.tableToIPC(
    new arrowJs.Table(
      parts[0].schema,
      parts.flatMap((table) => table.batches),
    ),
    format,
  )
}

test('batches that start in the ranges of splits are read once, however the file is cut', async () => {
  for (const format of ['stream', 'file'] as const) {
    const bytes = small(format)
    const path = write(`cut.${format}`, bytes)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 5 }), async (cuts) => {
        const edges = [...new Set([0, ...cuts, bytes.length])].sort((a, b) => a - b)
        const splits = edges.slice(1).map((end, id) => ({ id, files: [{ path, start: edges[id], end }] }))
        const source = await openSource(arrow(path).input, { nextSplit: async () => splits.shift() })
        const seen: unknown[] = []
        for (let row = source.next(); row !== END; row = source.next()) {
          if (row === PAUSE) await source.ready()
          else seen.push([row.n, row.s, source.current])
        }
        assert.deepEqual(
          seen,
          Array.from({ length: 42 }, (_none, n) => [n, `text ${n}`, { file: path, offset: n }]),
        )
        assert.equal(source.bytesRead, bytes.length)
      }),
      { numRuns: FULL ? 300 : 10 },
    )
  }
})

test('a file that is cut short is an error, a stream too where a message is cut', async () => {
  const whole = small('file')
  for (let end = 1; end < whole.length; end += FULL ? 1 : 61) {
    await assert.rejects(read(write('short.arrow', whole.subarray(0, end))), { code: 'SourceRead' }, `${end} of ${whole.length} bytes`)
  }
  const stream = small('stream')
  let last = 0
  for (let end = 8; end < stream.length; end += FULL ? 1 : 8) {
    const rows = await read(write('short.arrows', stream.subarray(0, end))).catch((error) => {
      assert.equal(error.code, 'SourceRead', error.stack)
      return undefined
    })
    if (rows === undefined) continue
    // A stream may end behind any message.
    assert.deepEqual(
      rows,
      Array.from({ length: rows.length }, (_none, n) => ({ n, s: `text ${n}` })),
    )
    assert.ok(rows.length >= last && [0, 20, 25, 42].includes(rows.length))
    last = rows.length
  }
  assert.equal(last, 42)
  await assert.rejects(read(write('text.arrow', Buffer.from('some text, no Arrow'))), { code: 'SourceRead', message: /no Arrow IPC/ })
})

test('whatever byte is damaged, reading ends, with rows or an error of its own', async () => {
  for (const name of ['types-lz4.arrow', 'types-zstd.arrow', 'dictionary-replaced.arrows', 'dictionary-delta.arrow']) {
    const bytes = readFileSync(join(FIXTURES, name))
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(bytes)
        damaged[at] ^= change
        await read(write('damaged.arrow', damaged)).catch((error) =>
          assert.ok(['SourceRead', 'FileColumn'].includes(error.code), `byte ${at} by ${change}: ${error.stack}`),
        )
      }),
      { numRuns: FULL ? 5000 : 12 },
    )
  }
})

test('what damaged metadata announces is not made: powers of ten, long dictionaries, many or large buffers', async () => {
  for (const [name, changes] of [
    ['types.arrow', [[22_091, 255]]],
    ['types.arrow', [[8899, 210]]],
    ['types-zstd.arrow', [[5163, 255]]],
    [
      'dictionary-delta.arrow',
      [
        [835, 226],
        [197, 255],
      ],
    ],
  ] as const) {
    const damaged = Buffer.from(readFileSync(join(FIXTURES, name)))
    for (const [at, byte] of changes) damaged[at] = byte
    await assert.rejects(read(write('damaged.arrow', damaged)), { code: 'SourceRead' }, name)
  }
})

test('a source that is closed in the middle has no file open', async () => {
  const path = write('left.arrow', small('file'))
  for await (const rows of readBatches(arrow(path))) {
    assert.equal(rows.length, 42)
    break
  }
  const source = await openSource(arrow(path).input, { nextSplit: async () => ({ id: 0, files: [{ path, start: 0, end: 1e6 }] }) })
  await source.ready()
  source.next()
  source.close()
  await source.ready()
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  assert.ok(!open.includes(path))
})

test('integers of up to 32 bits, and no others, are int32, but where they are declared otherwise', async () => {
  const path = join(FIXTURES, 'types.arrow')
  const names = Object.keys(fixtureRow(0))
  for (const [columns, expected] of [
    [undefined, ['i8', 'u16', 'i32', 't32']],
    [{ i8: 'float64?', u16: 'int64?', i32: 'int32?', i64: 'int32?', dic: 'dictionary?' } as const, ['i32', 'i64']],
  ] as const) {
    const { input } = columns === undefined ? arrow(path) : arrow(path, { columns })
    const source = await openSource(input, { nextSplit: async () => ({ id: 0, files: [{ path, start: 0, end: 1e6 }] }) })
    await source.ready().catch(() => {})
    assert.deepEqual(
      names.filter((name) => source.int32.has(name)),
      expected,
    )
    source.close()
    await source.ready()
  }
})

test('a flow reads them, on workers too', async () => {
  write('flow.arrow', small('file'))
  write('flow.arrows', small('stream'))
  const job = flow(new URL('./stages.js', import.meta.url))
    .read(publishedArrow('flow.*', { columns: { n: 'float64' } }))
    .groupBy('n', (a) => ({ times: a.count() }))
    .sort('n')
  for (const workers of [0, 2]) {
    assert.deepEqual(
      await job.run({ workers, cwd: folder }).collect(),
      Array.from({ length: 42 }, (_none, n) => ({ n, times: 2 })),
    )
  }
  assert.match(await job.explain(), /^ {2}read arrow flow\.\* \{ n: float64 \}$/m)
})

test('a mark of byte order at the beginning of a text is a character of it', async () => {
  const rows = ['\ufeffx', 'a\ufeff', '\ufeff'].map((text) => ({ text, list: [text, null], object: { text } }))
  const schema = [
    { name: 'text', type: 'utf8' as const },
    { name: 'list', type: { list: 'utf8' as const } },
    { name: 'object', type: { struct: [{ name: 'text', type: 'utf8' as const }] } },
  ]
  for (const dictionaries of [[], ['text']]) {
    const encoder = new ArrowEncoder({ format: 'file', dictionaries })
    const bytes = Buffer.concat([encoder.schema(schema), encoder.rows(rows), encoder.end()])
    assert.deepEqual(await read(write('marks.arrow', bytes)), rows)
  }
  const texts = rows.map(({ text }) => text)
  const long = new arrowJs.Table({ text: arrowJs.vectorFromArray(texts, new arrowJs.LargeUtf8()) })
  assert.deepEqual(
    await read(write('long.arrow', arrowJs.tableToIPC(long, 'file'))),
    texts.map((text) => ({ text })),
  )
})
