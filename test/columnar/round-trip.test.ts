import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Field, Row } from '../../src/columnar/schema.js'
import { Shape } from '../../src/columnar/shape.js'
import { names, nestedKind, readRow, recordOf, schemaOf, typeOf } from './nested.js'
import { KINDS, Pipe } from './support.js'

interface Column {
  readonly name: string
  readonly values: fc.Arbitrary<unknown>
}

const columns: fc.Arbitrary<Column[]> = fc.uniqueArray(
  fc.tuple(names, fc.oneof(fc.constantFrom(...Object.values(KINDS)), nestedKind(2))).map(([name, { values }]) => ({ name, values })),
  { selector: (column) => column.name, maxLength: 6 },
)

for (const [kind, { values }] of Object.entries(KINDS)) {
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
          assert.equal(vector?.type, count === 0 ? undefined : typeOf(column))
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

test('lists and objects of any types, nested, with nulls anywhere, come back as they were, what is missing as null', () => {
  const column = fc
    .integer({ min: 1, max: 4 })
    .chain(nestedKind)
    .chain(({ values }) => fc.array(fc.option(values), { maxLength: 20 }))
  fc.assert(
    fc.property(column, fc.nat(20), (cells, cut) => {
      const pipe = new Pipe()
      const rows = cells.map((v) => ({ v }))
      for (const [part, seen] of [
        [rows.slice(0, cut), rows.slice(0, cut)],
        [rows.slice(cut), rows],
      ] as const) {
        const schema = schemaOf(seen)
        const batch = pipe.decoder.decode(pipe.message(part))
        assert.deepStrictEqual(batch.schema, schema)
        assert.deepStrictEqual(
          batch.rows(),
          part.map((row) => readRow(row, schema)),
        )
        for (const [i, { v }] of part.entries()) assert.equal(batch.column('v')?.isNull(i), v === null)
      }
    }),
    { numRuns: 400 },
  )
})

test('rows over two receivers and any cuts come back with all columns known when their batch was sent', () => {
  const plan = columns.chain((table) =>
    fc.record({
      rows: fc.array(recordOf(table.map(({ name, values }) => [name, values])), { maxLength: 30 }),
      routes: fc.infiniteStream(fc.boolean()),
      cuts: fc.infiniteStream(fc.integer({ min: 0, max: 5 })),
    }),
  )
  fc.assert(
    fc.property(plan, ({ rows, routes, cuts }) => {
      const shape = new Shape({ stage: 'test' })
      const seen: Row[] = []
      const receivers = [0, 1].map(() => ({ pipe: new Pipe(shape), waiting: [] as Row[] }))
      const flush = ({ pipe, waiting }: (typeof receivers)[number]): void => {
        const batch = pipe.decoder.decode(pipe.encoder.encode(pipe.builder))
        const schema: Field[] = schemaOf(seen)
        assert.deepStrictEqual(batch.schema, schema)
        assert.deepStrictEqual(
          batch.rows(),
          waiting.splice(0).map((row) => readRow(row, schema)),
        )
      }
      for (const row of rows) {
        const receiver = receivers[routes.next().value ? 1 : 0] as (typeof receivers)[number]
        receiver.pipe.builder.append(row)
        receiver.waiting.push(row)
        seen.push(row)
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

test('null, an empty list, a list of nulls and an object without keys are different things', () => {
  const rows = [null, [], [null], [null, null], [[]], [[null], null]].map((list) => ({ list, object: null }))
  const objects = [null, {}, { a: null }, { a: {} }].map((object) => ({ list: null, object }))
  const back = new Pipe().send([...rows, ...objects])
  assert.deepStrictEqual(
    back.map(({ list, object }) => list ?? object),
    [null, [], [null], [null, null], [[]], [[null], null], null, { a: null }, { a: null }, { a: {} }],
  )
  assert.ok(back.slice(0, 7).every(({ object }) => object === null))
})

test('an empty list takes its type from a later element, an object gains fields, also in later batches', () => {
  const pipe = new Pipe()
  const types = [[{ v: [] }], [{ v: [null] }], [{ v: [{ a: 1 }] }], [{ v: [{ b: ['x'] }, {}] }]].map((rows) => {
    pipe.send(rows)
    return pipe.decoder.schema?.[0]?.type
  })
  const [a, b] = [
    { name: 'a', type: 'float64' },
    { name: 'b', type: { list: 'utf8' } },
  ]
  assert.deepStrictEqual(types, [{ list: 'null' }, { list: 'null' }, { list: { struct: [a] } }, { list: { struct: [a, b] } }])
  assert.deepStrictEqual(pipe.send([{ v: [{}] }, {}]), [{ v: [{ a: null, b: null }] }, { v: null }])
})

test('a key __proto__ inside an object is an own property and touches no prototype', () => {
  const [row] = new Pipe().send([JSON.parse('{"v":{"__proto__":{"evil":1},"a":[{"__proto__":"x"}]}}') as Row]) as [{ v: Row }]
  assert.equal(Object.getPrototypeOf(row.v), Object.prototype)
  assert.deepStrictEqual(Object.keys(row.v), ['__proto__', 'a'])
  assert.equal((row.v as { evil?: number }).evil, undefined)
  assert.deepStrictEqual(Object.entries((row.v.a as Row[])[0] as Row), [['__proto__', 'x']])
})

test('bytes, arrays and objects that are read are fresh ones, and bytes have memory of their own size', () => {
  const pipe = new Pipe()
  const sent = { b: Buffer.from('some bytes'), l: [1, 2], o: { x: new Uint8Array([7]) } }
  const batch = pipe.decoder.decode(pipe.message([sent, sent]))
  const [one, other] = [batch.row(0), batch.row(0)] as { b: Uint8Array; l: number[]; o: { x: Uint8Array } }[]
  for (const bytes of [one?.b, one?.o.x]) {
    assert.equal(bytes?.constructor, Uint8Array)
    assert.equal(bytes?.buffer.byteLength, bytes?.byteLength)
  }
  one?.b.fill(0)
  one?.l.push(3)
  assert.deepStrictEqual(other, { b: new Uint8Array(sent.b), l: [1, 2], o: { x: new Uint8Array([7]) } })
  assert.deepStrictEqual(batch.row(1), other)
})
