import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FoundInt32, isInt32 } from '../../src/columnar/int32-columns.js'
import { type ColumnType, type Row, type Schema, unify, widens } from '../../src/columnar/schema.js'
import { Shape } from '../../src/columnar/shape.js'
import { Pipe } from './support.js'

const LEAST = -(2 ** 31)
const MOST = 2 ** 31 - 1

const int32s: fc.Arbitrary<number> = fc.oneof(fc.integer(), fc.constantFrom(0, LEAST, MOST))
const others: fc.Arbitrary<number> = fc.constantFrom(-0, 0.5, LEAST - 1, MOST + 1, Number.NaN, Infinity, 1e300)

function found(...columns: string[]): FoundInt32 {
  const int32 = new FoundInt32()
  int32.found(columns.map((name) => ({ name, type: 'int32' })))
  return int32
}

const given = (type: ColumnType): Shape => new Shape({ stage: 'test', schema: [{ name: 'v', type }] })
const hinted = (int32 = found('v')): Shape => new Shape({ stage: 'test', int32 })
const typeOf = (pipe: Pipe): ColumnType | undefined => pipe.decoder.schema?.find(({ name }) => name === 'v')?.type

test('a number is int32 if it is whole, of 32 bits, and not minus zero', () => {
  for (const value of [0, 1, -1, LEAST, MOST]) assert.ok(isInt32(value), String(value))
  for (const value of [-0, 0.5, LEAST - 1, MOST + 1, Number.NaN, Infinity, -Infinity, 2 ** 32]) assert.ok(!isInt32(value), String(value))
})

for (const count of [1, 7, 8, 9, 64, 65, 130]) {
  test(`${count} values of int32 come back as they were, with and without nulls, in four bytes each`, () => {
    const cells = fc.oneof(
      fc.array(int32s, { minLength: count, maxLength: count }),
      fc.array(fc.option(int32s), { minLength: count, maxLength: count }),
    )
    fc.assert(
      fc.property(cells, fc.boolean(), (values, isGiven) => {
        const rows = values.map((v) => ({ v }))
        const message = new Pipe(isGiven ? given('int32') : hinted()).message(rows)
        const pipe = new Pipe()
        const batch = pipe.decoder.decode(message)
        assert.deepStrictEqual(batch.rows(), rows)
        const isNull = values.every((v) => v === null)
        assert.equal(typeOf(pipe), isNull && !isGiven ? 'null' : 'int32')
        for (const [i, v] of values.entries()) assert.equal(batch.column('v')?.isNull(i), v === null)
        assert.deepStrictEqual(batch.column('v')?.slice(0, count), values)
        if (isNull) return
        const head = 16 + 16 + 8
        const validity = values.some((v) => v === null) ? Math.ceil(count / 64) * 8 : 0
        assert.equal(message.length, head + validity + Math.ceil(count / 2) * 8)
      }),
      { numRuns: 30 },
    )
  })
}

test('over two receivers and any cuts a column is int32 until a number comes that is none, which both then know, and no value changes', () => {
  const plan = fc.record({
    values: fc.array(fc.option(fc.oneof({ arbitrary: int32s, weight: 12 }, { arbitrary: others, weight: 1 })), { maxLength: 60 }),
    routes: fc.infiniteStream(fc.boolean()),
    cuts: fc.infiniteStream(fc.integer({ min: 0, max: 5 })),
  })
  fc.assert(
    fc.property(plan, ({ values, routes, cuts }) => {
      const shape = hinted()
      const receivers = [0, 1].map(() => ({ pipe: new Pipe(shape), waiting: [] as Row[] }))
      const seen: (number | null)[] = []
      const flush = ({ pipe, waiting }: (typeof receivers)[number]): void => {
        const batch = pipe.decoder.decode(pipe.encoder.encode(pipe.builder))
        assert.deepStrictEqual(batch.rows(), waiting.splice(0))
        const numbers = seen.flatMap((value) => (value === null ? [] : [value]))
        const type = numbers.length === 0 ? 'null' : numbers.every((value) => isInt32(value)) ? 'int32' : 'float64'
        assert.equal(typeOf(pipe), seen.length === 0 ? undefined : type)
      }
      for (const v of values) {
        const receiver = receivers[routes.next().value ? 1 : 0] as (typeof receivers)[number]
        receiver.pipe.builder.append({ v })
        receiver.waiting.push({ v })
        seen.push(v)
        if (cuts.next().value === 0) flush(receiver)
      }
      receivers.forEach(flush)
    }),
    { numRuns: 500 },
  )
})

test('a column that is found to be of another type is float64 from then on, in the midst of a batch too, and never int32 again', () => {
  const int32 = found('v', 'w')
  const pipe = new Pipe(hinted(int32))
  assert.deepStrictEqual(pipe.send([{ v: 1, w: 1 }]), [{ v: 1, w: 1 }])
  pipe.builder.append({ v: null, w: 2 })
  pipe.builder.append({ v: 3, w: 3 })
  int32.found([{ name: 'v', type: 'float64' }])
  assert.deepStrictEqual(pipe.send([{ v: 4, w: 4 }]), [
    { v: null, w: 2 },
    { v: 3, w: 3 },
    { v: 4, w: 4 },
  ])
  assert.deepStrictEqual(pipe.decoder.schema, [
    { name: 'v', type: 'float64' },
    { name: 'w', type: 'int32' },
  ])
  int32.found([{ name: 'v', type: 'int32' }])
  assert.ok(!int32.has('v') && int32.has('w'))
  assert.deepStrictEqual(pipe.send([{ v: 5 }]), [{ v: 5, w: null }])
  assert.equal(typeOf(pipe), 'float64')
})

test('of a column of which nothing but nulls is known nothing is found', () => {
  const int32 = found('v')
  let widened = 0
  int32.onWidened(() => widened++)
  int32.found([
    { name: 'v', type: 'null' },
    { name: 'w', type: 'null' },
  ])
  int32.found([{ name: 'w', type: 'int32' }])
  assert.ok(int32.has('v') && int32.has('w') && !int32.has('x'))
  int32.found([{ name: 'x', type: 'float64' }])
  assert.equal(widened, 0)
  int32.found([{ name: 'w', type: 'utf8' }])
  int32.found([{ name: 'w', type: 'float64' }])
  assert.equal(widened, 1)
})

test('numbers inside lists and objects, and in columns that are not found to be int32, are float64', () => {
  const pipe = new Pipe(hinted(found('x', 'o')))
  pipe.send([{ v: 1, l: [1], o: { x: 1 } }])
  assert.deepStrictEqual(pipe.decoder.schema, [
    { name: 'v', type: 'float64' },
    { name: 'l', type: { list: 'float64' } },
    { name: 'o', type: { struct: [{ name: 'x', type: 'float64' }] } },
  ])
})

test('a declared int32 refuses what does not fit with stage, row and column, takes minus zero as zero, and goes on', () => {
  const pipe = new Pipe(given('int32'))
  const many = Array.from({ length: 200 }, (_none, v) => ({ v }))
  assert.deepStrictEqual(pipe.send([...many, { v: -0 }]), [...many, { v: 0 }])
  for (const value of [0.5, MOST + 1, LEAST - 1, Number.NaN, 'text', 1n]) {
    assert.throws(() => pipe.builder.append({ v: value }), {
      code: 'ColumnType',
      message: /^stage "test", row \d+: column "v" is .*, but the column is int32/,
    })
  }
  assert.deepStrictEqual(pipe.send([{ v: 7 }]), [{ v: 7 }])
  assert.equal(typeOf(pipe), 'int32')
})

test('a column that is int32 by its file refuses what is no number', () => {
  const pipe = new Pipe(hinted())
  pipe.send([{ v: 1 }])
  for (const value of ['text', 1n, true, new Date(0), [1]]) assert.throws(() => pipe.builder.append({ v: value }), { code: 'ColumnType' })
})

test('what stands under a null is zero: the same rows give the same bytes, whatever was sent before', () => {
  const rows = [{ v: 1 }, { v: null }, {}, { v: 4 }]
  const used = new Pipe(hinted())
  used.message(Array.from({ length: 10 }, () => ({ v: -1 })))
  assert.deepStrictEqual(used.message(rows).slice(-24), new Pipe(hinted()).message(rows).slice(-24))
})

test('a row that fails leaves nothing, also where it has made a column float64', () => {
  const pipe = new Pipe(hinted(found('v', 'w')))
  pipe.builder.append({ v: 1, w: 1 })
  assert.throws(() => pipe.builder.append({ v: 0.5, w: 'text' }), { code: 'ColumnType' })
  assert.deepStrictEqual(pipe.send([{ v: 2, w: 2 }]), [
    { v: 1, w: 1 },
    { v: 2, w: 2 },
  ])
  assert.equal(typeOf(pipe), 'float64')
})

test('two schemas become one: int32 and float64 float64, also inside others; anything else of int32 is refused', () => {
  const of = (type: ColumnType): Schema => [{ name: 'a', type }]
  const inside = (type: ColumnType): ColumnType => ({ list: { struct: [{ name: 'x', type }] } })
  for (const type of [(each: ColumnType) => each, inside]) {
    assert.deepStrictEqual(unify(of(type('int32')), of(type('float64')), 'merge'), of(type('float64')))
    const wide = of(type('float64'))
    assert.equal(unify(wide, of(type('int32')), 'merge'), wide)
    assert.ok(widens(of(type('int32')), of(type('float64'))) && widens(of(type('null')), of(type('int32'))))
    assert.ok(!widens(of(type('float64')), of(type('int32'))))
    for (const other of ['int64', 'utf8', 'boolean', 'timestamp'] as const) {
      assert.throws(() => unify(of(type('int32')), of(type(other)), 'merge'), { code: 'ColumnType' })
      assert.ok(!widens(of(type('int32')), of(type(other))))
    }
  }
})

test('a stream of batches may go from int32 to float64, and not back', () => {
  const narrow = new Pipe(given('int32')).message([{ v: 1 }])
  const wide = new Shape({ stage: 'test', int32: found('v') })
  const sender = new Pipe(wide)
  const first = sender.message([{ v: 1 }])
  const second = sender.message([{ v: 0.5 }])
  const { decoder } = new Pipe()
  assert.deepStrictEqual([...decoder.decode(first).rows(), ...decoder.decode(second).rows()], [{ v: 1 }, { v: 0.5 }])
  new DataView(narrow.buffer).setUint32(4, 1000, true)
  assert.throws(() => decoder.decode(narrow), { code: 'Protocol', message: /does not go on from the one before/ })
})
