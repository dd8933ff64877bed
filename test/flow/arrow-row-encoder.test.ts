import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { Dictionary, tableFromIPC } from 'apache-arrow'
import { FoundInt32 } from '../../src/columnar/int32-columns.js'
import type { Row } from '../../src/columnar/schema.js'
import type { ArrowSinkPlan } from '../../src/flow/sink-plan.js'
import { ArrowRowEncoder } from '../../src/flow/sinks/arrow-row-encoder.js'
import { type ArrowSinkOptions, arrow, readBatches, to } from '../../src/flow.js'
import { useOwnTemporaryFolder } from '../support/own-temporary-folder.js'

const folder = useOwnTemporaryFolder()

type Options = ArrowSinkOptions<Record<string, unknown>>

function encoder(options: Options = {}, format: 'stream' | 'file' = 'file', blockBytes = 1e9): ArrowRowEncoder {
  const { columns } = to.arrow('a.arrow', options).sink as ArrowSinkPlan
  return new ArrowRowEncoder({ where: 'stage 1 write a.arrow', format, columns, blockBytes })
}

/** The bytes of a file, taken as they come. */
function encode(rows: readonly Row[], arrowEncoder = encoder()): Buffer {
  const pieces = rows.flatMap((row) => (arrowEncoder.add(row) ? [arrowEncoder.take()] : []))
  return Buffer.concat([...pieces, arrowEncoder.end()])
}

async function read(bytes: Uint8Array, name = 'one.arrow'): Promise<Row[]> {
  writeFileSync(`${folder}/${name}`, bytes)
  const rows: Row[] = []
  for await (const batch of readBatches(arrow<Row>(`${folder}/${name}`))) rows.push(...batch)
  return rows
}

const at = new Date('2026-11-28T10:00:00.123Z')
const ROWS = [
  { number: 1, text: 'ß 日本 😀', on: true, at, bytes: Uint8Array.of(1, 2), list: [1, null], object: { x: 'y', z: [true] }, none: null },
  { number: null, text: null, on: null, at: null, bytes: null, list: null, object: null, none: null },
  { number: Number.NaN, text: '', on: false, at: new Date(0), bytes: new Uint8Array(), list: [], object: { x: null, z: null }, none: null },
]

test('a file is read again, here and elsewhere, in as many batches as it takes', async () => {
  assert.deepEqual(await read(encode(ROWS)), ROWS)
  const many = Array.from({ length: 5000 }, (_none, n) => ({ n, text: `the text of row ${n}` }))
  const bytes = encode(many, encoder({}, 'file', 10_000))
  assert.deepEqual(await read(bytes), many)
  const table = tableFromIPC(bytes)
  assert.ok(table.batches.length > 10, `${table.batches.length} batches`)
  assert.deepEqual([table.numRows, table.get(4999)?.toJSON()], [5000, { n: 4999, text: 'the text of row 4999' }])
  const [batch] = [...tableFromIPC(encode(ROWS))].map((row) => row.toJSON())
  assert.deepEqual([batch?.number, batch?.text, batch?.on], [1, 'ß 日本 😀', true])
})

test('a stream has what there is each time it is taken', async () => {
  const stream = encoder({}, 'stream')
  const pieces = ROWS.map((row) => {
    stream.add(row)
    return stream.take()
  })
  assert.ok(pieces.every(({ length }) => length > 0))
  assert.equal(stream.take().length, 0)
  const bytes = Buffer.concat([...pieces, stream.end()])
  assert.deepEqual(await read(bytes, 'one.arrows'), ROWS)
  assert.equal(tableFromIPC(bytes).batches.length, 3)
})

test('files of no rows are files, with the columns that are declared; the next file has the columns of the first', async () => {
  assert.deepEqual(await read(encode([])), [])
  const columns = { a: 'float64', b: 'utf8?' } as const
  assert.deepEqual(
    tableFromIPC(encode([], encoder({ columns }))).schema.fields.map(({ name }) => name),
    ['a', 'b'],
  )
  const several = encoder()
  assert.deepEqual(await read(encode([{ a: 1, b: 'x' }], several)), [{ a: 1, b: 'x' }])
  assert.deepEqual(await read(encode([{ b: 'y' }], several)), [{ a: null, b: 'y' }])
  assert.throws(() => encode([{ c: 1 }], several), { code: 'SinkColumn' })
})

test('what does not fit a column is told with row, column and cure', () => {
  const cases: [Row[], Options, RegExp][] = [
    [[{ a: 1 }, { a: 'x' }], {}, /stage 1 write a\.arrow: up to row 2: .*column "a" is a string \("x"\), but the column is float64/],
    [[{ a: null }], { columns: { a: 'utf8' } }, /up to row 1: column "a" holds a null: declare it with \?/],
    [[{}], { columns: { a: 'utf8' } }, /column "a" holds a null/],
    [[{ a: 1n }], { columns: { a: 'float64' } }, /column "a" is .*, but the column is float64/],
    [[{ a: 1 }, { a: 0.5 }], { columns: { a: 'int32' } }, /up to row 2: .*column "a" is a number \(0\.5\), but the column is int32/],
    [[{ a: () => 1 }], {}, /column "a" is a function/],
    [[{ a: 1, b: 1 }], { columns: { a: 'float64' } }, /"b".*declare all columns/],
  ]
  for (const [rows, options, message] of cases) assert.throws(() => encode(rows, encoder(options)), { code: 'SinkColumn', message })
  for (const type of ['list?', 'struct']) {
    assert.throws(() => to.arrow('a.arrow', { columns: { a: type as 'utf8' } }), { code: 'InvalidArgument', message: /column "a"/ })
  }
})

test('a column is int32 where it is declared, or by its source', () => {
  const int32 = new FoundInt32()
  int32.found([
    { name: 'a', type: 'int32' },
    { name: 'b', type: 'int32' },
  ])
  const typesOf = (rows: Row[], given: ArrowRowEncoder): string[] =>
    tableFromIPC(encode(rows, given)).schema.fields.map(({ type }) => `${type}`)
  assert.deepEqual(typesOf([{ a: 1, b: 2 }], encoder({ columns: { a: 'int32', b: 'int32?' } })), ['Int32', 'Int32'])
  const bySource = (blockBytes = 1e9): ArrowRowEncoder => new ArrowRowEncoder({ where: 'write', format: 'file', int32, blockBytes })
  assert.deepEqual(typesOf([{ a: 1, b: 2, c: 3 }], bySource()), ['Int32', 'Int32', 'Float64'])
  assert.deepEqual(typesOf([{ a: 1, b: 2 }, { a: 0.5 }], bySource()), ['Float64', 'Int32'])
  // The first batch is written: then the type stays, and what fits is taken, whatever its source has become.
  const written = bySource(1)
  encode([{ a: 1 }], written)
  int32.found([{ name: 'a', type: 'float64' }])
  assert.deepEqual(typesOf([{ a: 2 }], written), ['Int32'])
  assert.throws(() => encode([{ a: 0.5 }], written), {
    code: 'SinkColumn',
    message: /column "a" is a number \(0\.5\), but the column is int32; .*declare all columns/,
  })
  assert.deepEqual(typesOf([{ a: 2, b: 2 }], bySource()), ['Float64', 'Int32'])
})

test('a column declared as a dictionary is one of text, in every file and batch', async () => {
  const columns = { word: 'dictionary?', n: 'int32' } as const
  const rows = Array.from({ length: 300 }, (_none, n) => ({ word: n % 7 === 0 ? null : `the word ${n % (n < 100 ? 3 : 5)}`, n }))
  for (const format of ['file', 'stream'] as const) {
    const several = encoder({ columns }, format, 1000)
    for (const name of ['one', 'other']) {
      const bytes = encode(rows, several)
      const { schema, batches } = tableFromIPC(bytes)
      assert.ok(schema.fields[0].type instanceof Dictionary && batches.length > 2, name)
      for (const word of [0, 1, 2, 3, 4]) assert.equal(bytes.toString('latin1').split(`the word ${word}`).length, 2)
      assert.deepEqual(await read(bytes, `${name}.arrow`), rows)
    }
  }
  assert.deepEqual(await read(encode([], encoder({ columns }))), [])
  assert.throws(() => encode([{ word: 1, n: 1 }], encoder({ columns })), {
    code: 'SinkColumn',
    message: /"word" is a number \(1\), but the column is utf8/,
  })
})

test('a column of nulls in the first batch cannot have values later: that is said, not lost', () => {
  const small = encoder({}, 'file', 1)
  assert.throws(() => encode([{ a: null }, { a: 1 }], small), { code: 'SinkColumn', message: /declare all columns/ })
})
