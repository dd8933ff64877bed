import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import type { Row } from '../../src/columnar/schema.js'
import type { ParquetSinkPlan } from '../../src/flow/sink-plan.js'
import { ParquetEncoder } from '../../src/flow/sinks/parquet-encoder.js'
import { type ParquetSinkOptions, parquet, readBatches, type SourceColumns, to } from '../../src/flow.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
after(() => rmSync(folder, { recursive: true }))

type Options = ParquetSinkOptions<Record<string, unknown>>

function encoder(options: Options = {}): ParquetEncoder {
  return new ParquetEncoder('stage 1 write a.parquet', to.parquet('a.parquet', options).sink as ParquetSinkPlan)
}

/** The bytes of a file, taken as they come. */
function encode(rows: readonly Row[], options?: Options, parquetEncoder = encoder(options)): ArrayBuffer {
  const pieces = rows.flatMap((row) => (parquetEncoder.add(row) ? [parquetEncoder.take()] : []))
  const bytes = Buffer.concat([...pieces, parquetEncoder.end()])
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
}

async function read(file: ArrayBuffer, columns?: SourceColumns): Promise<unknown[]> {
  const path = join(folder, 'one.parquet')
  writeFileSync(path, Buffer.from(file))
  const rows: unknown[] = []
  for await (const batch of readBatches(columns === undefined ? parquet(path) : parquet(path, { columns }))) rows.push(...batch)
  return rows
}

test('columns have the types of their first values, may be null, and are read again, here and elsewhere', async () => {
  const at = new Date('2026-11-28T10:00:00.123Z')
  const rows = [
    { number: 1, big: 2n ** 60n, text: 'ß 日本 😀', on: true, at, bytes: Uint8Array.of(1, 2), none: null },
    { number: null, big: null, text: null, on: null, at: null, bytes: null, none: null },
    { number: -0.5, big: -1n, text: '', on: false, at: new Date(Number.NaN), bytes: new Uint8Array(), none: undefined },
  ]
  for (const compression of ['snappy', 'uncompressed'] as const) {
    const file = encode(rows, { compression })
    const expected = [rows[0], rows[1], { ...rows[2], at: null, none: null }]
    const types = parquetMetadata(file).schema.map(({ name, type, converted_type, repetition_type }) => [
      name,
      converted_type ?? type,
      repetition_type,
    ])
    assert.deepEqual(types.slice(1), [
      ['number', 'DOUBLE', 'OPTIONAL'],
      ['big', 'INT64', 'OPTIONAL'],
      ['text', 'UTF8', 'OPTIONAL'],
      ['on', 'BOOLEAN', 'OPTIONAL'],
      ['at', 'TIMESTAMP_MILLIS', 'OPTIONAL'],
      ['bytes', 'BYTE_ARRAY', 'OPTIONAL'],
      ['none', 'UTF8', 'OPTIONAL'],
    ])
    const elsewhere = await parquetReadObjects({ file, utf8: false })
    assert.deepEqual(elsewhere, expected)
    const columns = { number: 'float64?', big: 'int64?', text: 'utf8?', on: 'boolean?', at: 'timestamp?', bytes: 'binary?', none: 'utf8?' }
    assert.deepEqual(await read(file, columns as SourceColumns), expected)
  }
})

test('columns that are declared come in their order, with their types', async () => {
  const columns = { i: 'int32', big: 'int64?', text: 'utf8' } as const
  const file = encode(
    [
      { text: 'a', i: -5, big: 7 },
      { i: 2 ** 31 - 1, text: '' },
    ],
    { columns },
  )
  assert.deepEqual(
    parquetMetadata(file).schema.map(({ name, type, repetition_type }) => [name, type, repetition_type]),
    [
      ['root', undefined, undefined],
      ['i', 'INT32', 'REQUIRED'],
      ['big', 'INT64', 'OPTIONAL'],
      ['text', 'BYTE_ARRAY', 'REQUIRED'],
    ],
  )
  assert.deepEqual(await parquetReadObjects({ file }), [
    { i: -5, big: 7n, text: 'a' },
    { i: 2 ** 31 - 1, big: null, text: '' },
  ])
})

test('a column declared as a dictionary has one in every row group, though no value comes again', async () => {
  const rows = [
    { many: 'a', one: 'x', none: null },
    { many: 'b', one: 'x', none: null },
    { many: '', one: null, none: null },
  ]
  const columns = { many: 'dictionary', one: 'dictionary?', none: 'dictionary?' } as const
  const file = encode([...rows, ...rows], { columns, rowGroupRows: 3 })
  const { row_groups } = parquetMetadata(file)
  for (const { columns: chunks } of row_groups) {
    for (const { meta_data } of chunks.slice(0, 2)) assert.ok(meta_data?.encodings.includes('RLE_DICTIONARY'), `${meta_data?.encodings}`)
  }
  assert.equal(row_groups.length, 2)
  assert.deepEqual(await parquetReadObjects({ file }), [...rows, ...rows])
  assert.deepEqual(await read(file), [...rows, ...rows])
  assert.deepEqual(await read(file, columns), [...rows, ...rows])
  assert.throws(() => encode([{ ...rows[0], many: 1 }], { columns }), { code: 'SinkColumn', message: /"many" is dictionary, not 1/ })
})

describe('row groups', () => {
  const groupsOf = (file: ArrayBuffer): number[] => parquetMetadata(file).row_groups.map(({ num_rows }) => Number(num_rows))

  test('have so many rows as asked for', async () => {
    const rows = Array.from({ length: 7 }, (_none, n) => ({ n, t: `${n}` }))
    const file = encode(rows, { rowGroupRows: 3 })
    assert.deepEqual(groupsOf(file), [3, 3, 1])
    assert.deepEqual(await read(file), rows)
    assert.deepEqual(groupsOf(encode(rows, { rowGroupRows: 7 })), [7])
  })

  test('end once their values take about 16 MiB, and nothing is kept of what was taken', async () => {
    const rows = Array.from({ length: 40 }, (_none, n) => ({ n, t: `${n}`.padEnd(1024 * 1024) }))
    const parquetEncoder = encoder({ compression: 'uncompressed' })
    const taken = rows.flatMap((row) => (parquetEncoder.add(row) ? [parquetEncoder.take().length] : []))
    assert.deepEqual(
      taken.map((bytes) => Math.round(bytes / 1024 / 1024)),
      [16, 16],
    )
    assert.equal(parquetEncoder.take().length, 0)
    assert.equal(Math.round(parquetEncoder.end().length / 1024 / 1024), 8)
  })

  test('columns that come later have nulls in the rows before; and are refused once the first group is written', async () => {
    const rows = [{ a: 1 }, { b: 'x', a: 2 }, { b: 'y' }]
    const file = encode(rows, { rowGroupRows: 3 })
    assert.deepEqual(await read(file), [
      { a: 1, b: null },
      { a: 2, b: 'x' },
      { a: null, b: 'y' },
    ])
    assert.throws(() => encode(rows, { rowGroupRows: 1 }), {
      code: 'SinkColumn',
      message:
        'stage 1 write a.parquet: row 2: a column "b", which no row of the first row group has: declare all in the option columns of the sink, or map the rows',
    })
  })
})

test('what does not fit a column is told with row, column and cure', () => {
  const cases: [Row[], Options, RegExp][] = [
    [[{ a: 1 }, { a: 'x' }], {}, /row 2: column "a" is float64 in the rows before, not "x": declare all/],
    [[{ a: null }, { a: 1n }, { a: 1.5 }], {}, /row 3: column "a" is int64 in the rows before, not 1\.5/],
    [[{ a: [1] }, { a: { b: 1 } }], {}, /row 2: column "a" is list in the rows before, not an object/],
    [[{ a: new Map() }], {}, /row 1: column "a" holds an object, for which there is no type/],
    [[{ a: 1 }, { a: null }], { columns: { a: 'float64' } }, /row 2: column "a" holds a null: declare 'float64\?'/],
    [[{}], { columns: { a: 'utf8' } }, /row 1: column "a" holds a null: declare 'utf8\?'/],
    [[{ a: 2 ** 31 }], { columns: { a: 'int32' } }, /column "a" is int32, not 2147483648/],
    [[{ a: 0.5 }], { columns: { a: 'int64' } }, /column "a" is int64, not 0\.5/],
    [[{ a: 2n ** 63n }], {}, /column "a" is int64 in the rows before, not 9223372036854775808/],
    [[{ a: 1n }], { columns: { a: 'float64' } }, /column "a" is float64, not 1/],
    [[{ a: 1, b: 1 }], { columns: { a: 'float64' } }, /row 1: a column "b", which the option columns does not name/],
  ]
  for (const [rows, options, message] of cases) assert.throws(() => encode(rows, options), { code: 'SinkColumn', message })
})

test('lists and objects are written as JSON, which is read as text', async () => {
  const rows = [
    { a: [1, null, [2]], b: { x: 'é', y: [{ z: true }] } },
    { a: null, b: null },
    { a: [], b: {} },
  ]
  const texts = rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value && JSON.stringify(value)])))
  assert.deepEqual(await read(encode(rows)), texts)
  assert.deepEqual(await read(encode(rows, { columns: { a: 'list?', b: 'struct?' } })), texts)
  const odd = await read(encode([{ a: [2n ** 60n, Number.NaN, new Date(0)] }]))
  assert.deepEqual(odd, [{ a: `["${2n ** 60n}",null,"1970-01-01T00:00:00.000Z"]` }])
})

test('a mark of byte order at the beginning of a text is a character of it', async () => {
  const rows = ['\ufeffx', 'a\ufeff', '\ufeff'].map((text) => ({ text }))
  assert.deepEqual(await read(encode(rows)), rows)
})

test('a file of no rows is one, with the columns that are declared', async () => {
  const file = encode([], { columns: { a: 'int32', b: 'utf8?' } })
  assert.deepEqual(
    parquetMetadata(file).schema.map(({ name }) => name),
    ['root', 'a', 'b'],
  )
  assert.deepEqual(await read(file), [])
  assert.deepEqual(await read(encode([])), [])
})

test('the next file has the columns of the first', async () => {
  const parquetEncoder = encoder()
  assert.deepEqual(await read(encode([{ a: 1, b: 'x' }], {}, parquetEncoder)), [{ a: 1, b: 'x' }])
  assert.deepEqual(await read(encode([{ b: 'y' }], {}, parquetEncoder)), [{ a: null, b: 'y' }])
  assert.throws(() => encode([{ c: 1 }], {}, parquetEncoder), { code: 'SinkColumn', message: /row 3: a column "c"/ })
})

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const columns = { n: 'float64?', i: 'int32', big: 'int64?', t: 'utf8?', on: 'boolean?', at: 'timestamp?' } as const
const rowsArbitrary = fc.array(
  fc.record(
    {
      n: maybe(fc.oneof(fc.double(), fc.constantFrom(0, -0))),
      i: fc.integer(),
      big: maybe(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      t: maybe(fc.string({ unit: fc.constantFrom('a', '\0', 'ß', '😀'), maxLength: 20 })),
      on: maybe(fc.boolean()),
      at: maybe(fc.date({ noInvalidDate: true })),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 40 },
)

test('what parquet() reads of it are the same rows', async () => {
  await fc.assert(
    fc.asyncProperty(
      rowsArbitrary,
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom('snappy', 'uncompressed'),
      async (rows, rowGroupRows, compression) => {
        const file = encode(rows, { columns, rowGroupRows, compression: compression as 'snappy' })
        assert.deepEqual(await read(file, columns), rows)
      },
    ),
    { numRuns: 100 },
  )
})
