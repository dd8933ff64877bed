import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableFromIPC as flechetteTable } from '@uwdata/flechette'
import * as arrowJs from 'apache-arrow'
import fc from 'fast-check'
import { ArrowEncoder, type ArrowEncoderOptions } from '../../src/columnar/arrow-encoder.js'
import type { ColumnType, Row, Schema } from '../../src/columnar/schema.js'
import { anyUnits, KINDS, Pipe } from './support.js'

const FULL = process.env.MILLRACE_FULL === '1'
const FORMATS = ['stream', 'file'] as const

function encode(schema: Schema, batches: readonly (readonly Row[])[], options: ArrowEncoderOptions): Buffer {
  const encoder = new ArrowEncoder(options)
  const pipe = new Pipe()
  const parts = [encoder.schema(schema)]
  // Rows and batches in turn: both ways in give the same.
  for (const [index, rows] of batches.entries())
    parts.push(index % 2 === 0 ? encoder.rows(rows) : encoder.batch(pipe.decoder.decode(pipe.message(rows))))
  parts.push(encoder.end())
  return Buffer.concat(parts)
}

/** The values of a table as ours: milliseconds become Dates, integers of 64 bits bigints. */
function byArrowJs(bytes: Uint8Array, schema: Schema): Row[] {
  const table = arrowJs.tableFromIPC(bytes)
  assert.deepEqual(
    table.schema.fields.map(({ name }) => name),
    schema.map(({ name }) => name),
  )
  const columns = schema.map(({ name, type }, index) => {
    const vector = table.getChildAt(index)
    return Array.from({ length: table.numRows }, (_none, row) => [name, value(type, vector?.get(row) ?? null)] as const)
  })
  return Array.from({ length: table.numRows }, (_none, row) => Object.fromEntries(columns.map((column) => column[row])))
}

function byFlechette(bytes: Uint8Array, schema: Schema): Row[] {
  const table = flechetteTable(bytes, { useBigInt: true })
  return Array.from({ length: table.numRows }, (_none, row) =>
    Object.fromEntries(schema.map(({ name, type }, index) => [name, value(type, table.getChildAt(index).at(row) ?? null)])),
  )
}

function value(type: ColumnType, read: unknown): unknown {
  return type === 'timestamp' && read !== null ? new Date(Number(read)) : read
}

function rowsOf(schema: Schema, batches: readonly (readonly Row[])[]): Row[] {
  return batches.flat().map((row) => Object.fromEntries(schema.map(({ name, type }) => [name, expected(type, row[name] ?? null)])))
}

/** UTF-8 has no lone surrogates. */
function expected(type: ColumnType, given: unknown): unknown {
  return type === 'utf8' && given !== null ? Buffer.from(given as string).toString() : given
}

for (const [kind, { type, values }] of Object.entries(KINDS)) {
  for (const format of FORMATS) {
    test(`${kind} is read by others as it was written, with nulls, in batches and empty ones (${format})`, () => {
      const schema = [{ name: 'v', type }]
      const cells = fc.array(fc.array(fc.option(values), { maxLength: 20 }), { maxLength: 4 })
      const dictionaries = type === 'utf8' ? fc.constantFrom([], ['v']) : fc.constant([])
      fc.assert(
        fc.property(cells, dictionaries, (given, names) => {
          const batches = given.map((column) => column.map((v) => ({ v })))
          const bytes = encode(schema, batches, { format, dictionaries: names })
          assert.deepEqual(byArrowJs(bytes, schema), rowsOf(schema, batches))
          assert.deepEqual(byFlechette(bytes, schema), rowsOf(schema, batches))
        }),
        { numRuns: FULL ? 1000 : 15 },
      )
    })
  }
}

/** Columns of all types, of any name, some with a dictionary; rows that lack some. */
const tables = fc
  .uniqueArray(fc.tuple(fc.oneof(anyUnits, fc.constantFrom('', 'a', '0', 'é')), fc.constantFrom(...Object.values(KINDS)), fc.boolean()), {
    selector: ([name]) => Buffer.from(name).toString(),
    maxLength: 6,
  })
  .chain((columns) => {
    const row = fc.record(Object.fromEntries(columns.map(([name, { values }]) => [name, fc.option(values)])), { requiredKeys: [] })
    return fc.record({ columns: fc.constant(columns), batches: fc.array(fc.array(row, { maxLength: 12 }), { maxLength: 4 }) })
  })

for (const format of FORMATS) {
  test(`tables of several columns, some of them by dictionaries, are read as they were written (${format})`, () => {
    fc.assert(
      fc.property(tables, ({ columns, batches }) => {
        const sound = columns.map(([name, { type }, hasDictionary]) => ({ name, type, hasDictionary: hasDictionary && type === 'utf8' }))
        const schema = sound.map(({ name, type }) => ({ name, type }))
        const dictionaries = sound.filter(({ hasDictionary }) => hasDictionary).map(({ name }) => name)
        const bytes = encode(schema, batches, { format, dictionaries })
        // Where there are no columns, nobody else knows how many rows there are.
        if (schema.length === 0) return
        const written = schema.map(({ name, type }) => ({ name: Buffer.from(name).toString(), type }))
        const rows = rowsOf(schema, batches).map((row) =>
          Object.fromEntries(Object.entries(row).map(([name, cell]) => [Buffer.from(name).toString(), cell])),
        )
        assert.deepEqual(byArrowJs(bytes, written), rows)
        assert.deepEqual(byFlechette(bytes, written), rows)
      }),
      { numRuns: FULL ? 2000 : 25 },
    )
  })
}

test('a dictionary grows by what is new: each value is written once', () => {
  const schema = [{ name: 'word', type: 'utf8' }] as const
  const batches = [['one', 'two', null], ['two', 'two'], [], ['three', 'one']].map((words) => words.map((word) => ({ word })))
  for (const format of FORMATS) {
    const bytes = encode(schema, batches, { format, dictionaries: ['word'] })
    for (const word of ['one', 'two', 'three']) assert.equal(bytes.toString('latin1').split(word).length, 2, word)
    const [first] = arrowJs.tableFromIPC(bytes).batches
    assert.ok(first.schema.fields[0].type instanceof arrowJs.Dictionary)
    assert.deepEqual(byArrowJs(bytes, schema), rowsOf(schema, batches))
  }
})

test('a file can be read batch by batch by its footer', () => {
  const schema = [
    { name: 'n', type: 'float64' },
    { name: 's', type: 'utf8' },
  ] as const
  const batches = Array.from({ length: 5 }, (_none, b) => Array.from({ length: b }, (_zero, i) => ({ n: b * 10 + i, s: `text ${i % 2}` })))
  const bytes = encode(schema, batches, { format: 'file', dictionaries: ['s'] })
  const reader = arrowJs.RecordBatchFileReader.from(bytes) as arrowJs.RecordBatchFileReader
  reader.open()
  assert.equal(reader.numRecordBatches, 5)
  for (const [index, batch] of batches.entries()) {
    const read = reader.readRecordBatch(index)
    assert.deepEqual(
      Array.from(read?.getChild('n') ?? []),
      batch.map(({ n }) => n),
    )
  }
})

test('a column of the schema that a batch has not is null; one that it has beside, or of another type, is refused', () => {
  const schema = [
    { name: 'a', type: 'float64' },
    { name: 'b', type: 'utf8' },
    { name: 'c', type: 'null' },
  ] as const
  const bytes = encode(schema, [[{ a: 1 }], [{ b: 'x' }]], { format: 'stream' })
  assert.deepEqual(byArrowJs(bytes, schema), [
    { a: 1, b: null, c: null },
    { a: null, b: 'x', c: null },
  ])
  for (const row of [{ d: 1 }, { a: 'x' }, { c: 1 }]) {
    assert.throws(() => encode(schema, [[row]], { format: 'stream' }), { code: 'ColumnType' })
    assert.throws(() => encode(schema, [[], [row]], { format: 'stream' }), { code: 'ColumnType' })
  }
  assert.throws(() => new ArrowEncoder({ format: 'stream', dictionaries: ['a'] }).schema(schema), {
    code: 'InvalidArgument',
    message: /a dictionary of "a", which is float64: name columns of utf8/,
  })
  assert.throws(() => new ArrowEncoder({ format: 'stream', dictionaries: ['d'] }).schema(schema), { message: /"d", which is no column/ })
})

test('what is out of order is refused', () => {
  const encoder = new ArrowEncoder({ format: 'file' })
  assert.throws(() => encoder.rows([]), { code: 'Internal' })
  assert.throws(() => encoder.end(), { code: 'Internal' })
  encoder.schema([])
  assert.throws(() => encoder.schema([]), { code: 'Internal' })
  encoder.end()
  assert.throws(() => encoder.rows([]), { code: 'Internal' })
})
