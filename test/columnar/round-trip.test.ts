import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ColumnType, Row } from '../../src/columnar/schema.js'
import { Shape } from '../../src/columnar/shape.js'
import { anyUnits, KINDS, Pipe } from './support.js'

interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly values: fc.Arbitrary<unknown>
}

const names = fc.oneof(fc.constantFrom('__proto__', 'constructor', '0', '17', 'a', 'b', 'é', '', 'hasOwnProperty'), anyUnits)

const columns: fc.Arbitrary<Column[]> = fc.uniqueArray(
  fc.tuple(names, fc.constantFrom(...Object.values(KINDS))).map(([name, kind]) => ({ name, ...kind })),
  { selector: (column) => column.name, maxLength: 6 },
)

/** Rows in which each key may be missing, null, undefined or there. */
function rowsOf(table: readonly Column[]): fc.Arbitrary<Row[]> {
  const cells = table.map(({ name, values }) =>
    fc.tuple(fc.constant(name), fc.option(fc.option(fc.option(values), { nil: undefined }), { nil: MISSING })),
  )
  return fc.array(
    fc.tuple(...cells).map((pairs) => rowFrom(pairs.filter(([, value]) => value !== MISSING) as [string, unknown][])),
    { maxLength: 30 },
  )
}

const MISSING = Symbol('missing')

function rowFrom(pairs: readonly (readonly [string, unknown])[]): Row {
  return Object.fromEntries(pairs)
}

for (const [kind, { type, values }] of Object.entries(KINDS)) {
  for (const count of [0, 1, 7, 8, 9, 63, 64, 65, 130]) {
    test(`${count} values of ${kind} come back as they were, with and without nulls`, () => {
      const cells = fc.oneof(
        fc.array(values, { minLength: count, maxLength: count }),
        fc.array(fc.option(values), { minLength: count, maxLength: count }),
      )
      fc.assert(
        fc.property(cells, (column) => {
          const pipe = new Pipe()
          const batch = pipe.decoder.decode(pipe.message(column.map((v) => ({ v }))))
          assert.deepStrictEqual(
            batch.rows(),
            column.map((v) => ({ v })),
          )
          const vector = batch.column('v')
          assert.equal(vector?.type, count === 0 ? undefined : column.every((v) => v === null) ? 'null' : type)
          column.forEach((v, i) => {
            assert.equal(vector?.isNull(i), v === null)
            assert.deepStrictEqual(batch.row(i), { v })
          })
          assert.equal(vector?.nullCount ?? 0, column.filter((v) => v === null).length)
        }),
        { numRuns: 15 },
      )
    })
  }
}

test('rows over two receivers and any cuts come back with all columns known when their batch was sent', () => {
  const plan = columns.chain((table) =>
    fc.record({ rows: rowsOf(table), routes: fc.infiniteStream(fc.boolean()), cuts: fc.infiniteStream(fc.integer({ min: 0, max: 5 })) }),
  )
  fc.assert(
    fc.property(plan, ({ rows, routes, cuts }) => {
      const shape = new Shape({ stage: 'test' })
      const seen: string[] = []
      const receivers = [0, 1].map(() => ({ pipe: new Pipe(shape), waiting: [] as Row[] }))
      const flush = ({ pipe, waiting }: (typeof receivers)[number]): void => {
        const batch = pipe.decoder.decode(pipe.encoder.encode(pipe.builder))
        const expected = waiting
          .splice(0)
          .map((row) => rowFrom(seen.map((name) => [name, Object.hasOwn(row, name) ? (row[name] ?? null) : null])))
        assert.deepStrictEqual(
          batch.schema.map((field) => field.name),
          seen,
        )
        assert.deepStrictEqual(batch.rows(), expected)
      }
      for (const row of rows) {
        const receiver = receivers[routes.next().value ? 1 : 0] as (typeof receivers)[number]
        receiver.pipe.builder.append(row)
        receiver.waiting.push(row)
        for (const name of Object.keys(row)) if (!seen.includes(name)) seen.push(name)
        if (cuts.next().value === 0) flush(receiver)
      }
      receivers.forEach(flush)
    }),
    { numRuns: 500 },
  )
})

test('a column of nulls takes its type from a value in a later batch, and the names travel again then', () => {
  const pipe = new Pipe()
  assert.deepStrictEqual(pipe.send([{ a: null }, { a: undefined }]), [{ a: null }, { a: null }])
  const typed = pipe.message([{ a: null }, { a: 'x' }])
  const batch = pipe.decoder.decode(typed)
  assert.deepStrictEqual(batch.schema, [{ name: 'a', type: 'utf8' }])
  assert.deepStrictEqual(batch.rows(), [{ a: null }, { a: 'x' }])
  const again = pipe.message([{ a: null }])
  assert.deepStrictEqual(pipe.decoder.decode(again).rows(), [{ a: null }])
  assert.equal(pipe.decoder.schema, batch.schema)
})

test('a type that one receiver has seen holds for the nulls of the other', () => {
  const shape = new Shape({ stage: 'test' })
  const one = new Pipe(shape)
  const other = new Pipe(shape)
  one.send([{ a: 1, b: null }])
  const batch = other.decoder.decode(other.message([{ b: null }]))
  assert.deepStrictEqual(batch.schema, [
    { name: 'a', type: 'float64' },
    { name: 'b', type: 'null' },
  ])
  assert.deepStrictEqual(batch.rows(), [{ a: null, b: null }])
})

test('a first value in row 100,000 leaves all earlier rows null', () => {
  const pipe = new Pipe()
  const rows = Array.from({ length: 100_001 }, (_, i) =>
    i === 100_000 ? { a: i, late: 0.5, text: 'x' } : i % 2 === 0 ? { a: i } : { a: i, late: null },
  )
  const back = pipe.send(rows)
  assert.equal(back.length, 100_001)
  assert.ok(back.every((row, i) => row.a === i && row.late === (i === 100_000 ? 0.5 : null) && row.text === (i === 100_000 ? 'x' : null)))
})

test('rows without keys keep their number', () => {
  const pipe = new Pipe()
  assert.deepStrictEqual(pipe.send([{}, {}, {}]), [{}, {}, {}])
  assert.deepStrictEqual(pipe.send([]), [])
})

test('a batch under a wider schema has its columns in that order, and nulls for the rest', () => {
  const pipe = new Pipe()
  const batch = pipe.decoder.decode(pipe.message([{ b: 'x', n: null }]))
  const wide = batch.as([
    { name: 'a', type: 'float64' },
    { name: 'n', type: 'boolean' },
    { name: 'b', type: 'utf8' },
  ])
  assert.deepStrictEqual(Object.entries(wide.row(0)), [
    ['a', null],
    ['n', null],
    ['b', 'x'],
  ])
  assert.equal(batch.as(batch.schema), batch)
  assert.throws(() => batch.as([{ name: 'b', type: 'float64' }]), { code: 'ColumnType' })
  assert.throws(() => batch.as([{ name: 'b', type: 'utf8' }]), { code: 'ColumnType', message: /"n" is missing/ })
})

test('rows are fresh plain objects that can be changed, spread and kept', () => {
  const pipe = new Pipe()
  const batch = pipe.decoder.decode(pipe.message([{ t: new Date(5), s: 'x' }]))
  const row = batch.row(0) as { t: Date; s?: string }
  row.t.setTime(7)
  delete row.s
  assert.deepStrictEqual(batch.row(0), { t: new Date(5), s: 'x' })
  assert.equal(Object.getPrototypeOf(batch.row(0)), Object.prototype)
  for (const index of [-1, 1, 0.5, Number.NaN]) assert.throws(() => batch.row(index), { code: 'InvalidArgument' })
  assert.equal(batch.column('nothing'), undefined)
})

test('a column called __proto__ is an own property and touches no prototype', () => {
  const pipe = new Pipe()
  const [row, other] = pipe.send([JSON.parse('{"__proto__":"evil","a":1}') as Row, { a: 2 }])
  assert.equal(Object.getPrototypeOf(row), Object.prototype)
  assert.deepStrictEqual(Object.entries(row as Row), [
    ['__proto__', 'evil'],
    ['a', 1],
  ])
  assert.equal(Object.getOwnPropertyDescriptor(other, '__proto__')?.value, null)
  assert.equal(({} as Row).evil, undefined)
})

test('values of many sizes in one batch keep their places', () => {
  const pipe = new Pipe()
  const rows = [0, 1, 12, 13, 27, 28, 29, 100, 5000, 0, 70_000].flatMap((length) => [
    { s: 'x'.repeat(length), u: 'é'.repeat(length), p: '\u{1f600}'.repeat(length), l: `${'z'.repeat(length)}\ud800` },
    { s: '\0', u: 'ascii', p: null, l: '\udc00\ud800' },
  ])
  assert.deepStrictEqual(pipe.send(rows), rows)
  assert.deepStrictEqual(pipe.send(rows), rows)
})
