import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableFromIPC as flechetteTable } from '@uwdata/flechette'
import * as arrowJs from 'apache-arrow'
import fc from 'fast-check'
import { ArrowEncoder, type ArrowEncoderOptions } from '../../src/columnar/arrow-encoder.js'
import { FoundInt32 } from '../../src/columnar/int32-columns.js'
import type { ColumnType, Row, Schema } from '../../src/columnar/schema.js'
import { Shape } from '../../src/columnar/shape.js'
import { anyUnits, KINDS as KINDS_OF_ROWS, Pipe } from './support.js'

const FULL = process.env.MILLRACE_FULL === '1'
const KINDS: typeof KINDS_OF_ROWS = { ...KINDS_OF_ROWS, int32: { type: 'int32', values: fc.integer() } }
const FORMATS = ['stream', 'file'] as const

function encode(schema: Schema, batches: readonly (readonly Row[])[], options: ArrowEncoderOptions): Buffer {
  const encoder = new ArrowEncoder(options)
  const int32 = new FoundInt32()
  int32.found(schema)
  const pipe = new Pipe(new Shape({ stage: 'test', int32 }))
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

/** A value as ours: milliseconds become Dates, lists arrays, structs objects. */
function value(type: ColumnType, read: unknown): unknown {
  if (read === null || read === undefined) return null
  if (type === 'timestamp') return new Date(Number(read))
  if (type === 'binary') return new Uint8Array(read as Uint8Array)
  if (typeof type === 'string') return read
  if ('list' in type) return Array.from(read as Iterable<unknown>, (element) => value(type.list, element))
  return Object.fromEntries(type.struct.map((field) => [field.name, value(field.type, (read as Row)[field.name])]))
}

function rowsOf(schema: Schema, batches: readonly (readonly Row[])[]): Row[] {
  return batches.flat().map((row) => Object.fromEntries(schema.map(({ name, type }) => [name, expected(type, row[name] ?? null)])))
}

/** UTF-8 has no lone surrogates; a field that is missing is null. The others drop a mark of byte order at the beginning of a text; we do not. */
function expected(type: ColumnType, given: unknown): unknown {
  if (given === null || given === undefined) return null
  if (typeof type === 'string') return type === 'utf8' ? new TextDecoder().decode(Buffer.from(given as string)) : given
  if ('list' in type) return (given as unknown[]).map((element) => expected(type.list, element))
  return Object.fromEntries(type.struct.map((field) => [field.name, expected(field.type, (given as Row)[field.name])]))
}

interface Kind {
  readonly type: ColumnType
  readonly values: fc.Arbitrary<unknown>
}

const listOf = ({ type, values }: Kind): Kind => ({ type: { list: type }, values: fc.array(fc.option(values), { maxLength: 4 }) })
const structOf = (x: Kind, y: Kind): Kind => ({
  type: {
    struct: [
      { name: 'x', type: x.type },
      { name: 'y', type: y.type },
    ],
  },
  values: fc.record({ x: fc.option(x.values), y: fc.option(y.values) }, { requiredKeys: [] }),
})

const { float64, units, timestamp, boolean, binary, int64 } = KINDS
const NESTED: Record<string, Kind> = {
  ...Object.fromEntries(Object.entries(KINDS_OF_ROWS).map(([name, kind]) => [`a list of ${name}`, listOf(kind)])),
  'a list of lists': listOf(listOf(float64)),
  'a struct': structOf(boolean, units),
  'a list of structs': listOf(structOf(timestamp, binary)),
  'a struct of lists and structs': structOf(listOf(int64), structOf(units, listOf(structOf(boolean, float64)))),
}

for (const [kind, { type, values }] of Object.entries({ ...KINDS, ...NESTED })) {
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
  .uniqueArray(
    fc.tuple(
      fc.oneof(
        anyUnits.filter((name) => !name.startsWith('\ufeff')),
        fc.constantFrom('', 'a', '0', 'é'),
      ),
      fc.constantFrom(...Object.values(KINDS)),
      fc.boolean(),
    ),
    {
      selector: ([name]) => Buffer.from(name).toString(),
      maxLength: 6,
    },
  )
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

test('an int32 column is one of 32 bits, and float64 where the schema says so', () => {
  const int32 = new FoundInt32()
  int32.found([{ name: 'n', type: 'int32' }])
  const rows = [{ n: 1 }, { n: null }, { n: -(2 ** 31) }]
  for (const [type, made] of [
    ['int32', 'Int32'],
    ['float64', 'Float64'],
  ] as const) {
    const pipe = new Pipe(new Shape({ stage: 'test', int32 }))
    const encoder = new ArrowEncoder({ format: 'stream' })
    const schema = [{ name: 'n', type }]
    const bytes = Buffer.concat([encoder.schema(schema), encoder.batch(pipe.decoder.decode(pipe.message(rows))), encoder.end()])
    assert.equal(`${arrowJs.tableFromIPC(bytes).schema.fields[0].type}`, made)
    assert.deepEqual(byArrowJs(bytes, schema), rows)
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
  for (const row of [{ d: 1 }, { a: 'x' }, { c: 1 }, { a: [1] }]) {
    assert.throws(() => encode(schema, [[row]], { format: 'stream' }), { code: 'ColumnType' })
    assert.throws(() => encode(schema, [[], [row]], { format: 'stream' }), { code: 'ColumnType' })
  }
  const nested = [{ name: 'list', type: { list: { struct: [{ name: 'x', type: 'float64' }] } } }] as const
  for (const list of [[{ y: 1 }], [{ x: 'text' }], ['text'], [[]]]) {
    assert.throws(() => encode(nested, [[], [{ list }]], { format: 'stream' }), { code: 'ColumnType', message: /^Arrow: column "list\[\]/ })
  }
  for (const row of [{ a: 0.5 }, { a: 'x' }]) {
    assert.throws(() => encode([{ name: 'a', type: 'int32' }], [[{ a: 1 }], [row]], { format: 'stream' }), { code: 'ColumnType' })
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
