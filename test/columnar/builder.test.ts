import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import fc from 'fast-check'
import { BatchBuilder } from '../../src/columnar/builder.js'
import type { Row } from '../../src/columnar/schema.js'
import { Shape } from '../../src/columnar/shape.js'
import { anyUnits, Pipe } from './support.js'

const REFUSED: [string, unknown, RegExp][] = [
  ['an object', { x: 1 }, /an object/],
  ['an array', [1], /an array/],
  ['a Map', new Map(), /object \(Map\)/],
  ['bytes', new Uint8Array(1), /object \(Uint8Array\)/],
  ['a function', () => 1, /a function/],
  ['a symbol', Symbol('x'), /a symbol/],
  ['an invalid Date', new Date(Number.NaN), /invalid Date/],
  ['what only looks like a Date', Object.create(Date.prototype), /an object/],
  ['2n ** 63n', 2n ** 63n, /64 bits/],
  ['-(2n ** 63n) - 1n', -(2n ** 63n) - 1n, /64 bits/],
]

for (const [what, value, pattern] of REFUSED) {
  test(`${what} is refused with column, row, stage and the cure`, () => {
    const builder = new BatchBuilder(new Shape({ stage: 'pairs' }))
    builder.append({ n: null })
    assert.throws(
      () => builder.append({ n: value }),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'ColumnType')
        assert.match(error.message, /stage "pairs", row 2: column "n" is /)
        assert.match(error.message, /; (make|map|use) /)
        assert.match(error.message, pattern)
        return true
      },
    )
  })
}

const SAMPLES = { boolean: true, float64: 1, int64: 1n, utf8: '1', timestamp: new Date(1) }

for (const [first, sample] of Object.entries(SAMPLES)) {
  for (const [second, value] of Object.entries(SAMPLES)) {
    if (first === second) continue
    test(`${second} after ${first} is refused, in the same batch, a later one and by another receiver`, () => {
      const shape = new Shape({ stage: 'test' })
      const pipe = new Pipe(shape)
      const refused = { code: 'ColumnType', message: new RegExp(`column is ${first}`) }
      pipe.builder.append({ a: sample })
      assert.throws(() => pipe.builder.append({ a: value }), refused)
      pipe.encoder.encode(pipe.builder)
      assert.throws(() => pipe.builder.append({ a: value }), refused)
      assert.throws(() => new BatchBuilder(shape).append({ a: value }), refused)
    })
  }
}

test('after a row that was refused the builder goes on as if it had not been', () => {
  const good = fc.record(
    { a: fc.option(fc.integer()), b: fc.option(anyUnits), c: fc.option(fc.boolean()), d: fc.option(fc.bigInt({ min: 0n, max: 9n })) },
    { requiredKeys: [] },
  )
  const tries = fc.array(fc.record({ row: good, isBad: fc.boolean() }), { maxLength: 40 })
  fc.assert(
    fc.property(tries, (list) => {
      const pipe = new Pipe(
        new Shape({ stage: 'test', schema: ['a', 'b', 'c', 'd', 'bad'].map((name) => ({ name, type: 'null' as const })) }),
      )
      for (const { row, isBad } of list) {
        if (isBad) assert.throws(() => pipe.builder.append({ ...row, bad: {} }), { code: 'ColumnType' })
        else pipe.builder.append(row)
      }
      const blank = { a: null, b: null, c: null, d: null, bad: null }
      const expected = list.filter(({ isBad }) => !isBad).map(({ row }) => ({ ...blank, ...row }))
      assert.deepStrictEqual(pipe.send([]), expected)
    }),
  )
})

test('a row is an object: everything else is refused by name', () => {
  const builder = new BatchBuilder(new Shape({ stage: 's' }))
  for (const row of [
    1,
    'x',
    null,
    undefined,
    [1],
    new Date(),
    new Map(),
    new Uint8Array(2),
    () => 1,
    new ArrayBuffer(1),
    Promise.resolve(),
  ]) {
    assert.throws(() => builder.append(row as unknown as Row), {
      code: 'ColumnType',
      message: /stage "s", row \d+: a row must be a plain object, not /,
    })
  }
  assert.equal(builder.rowCount, 0)
})

test('class instances, objects without prototype and of another realm are rows; what they inherit and symbols are not columns', () => {
  class Point {
    x = 1
    get sum(): number {
      return 1
    }
  }
  const bare = Object.assign(Object.create(null) as Row, { x: 2 })
  const inheriting = Object.assign(Object.create({ y: 9 }) as Row, { x: 3, [Symbol('s')]: 1 })
  const foreign = vm.runInNewContext('({ x: 4, t: new Date(5) })') as Row
  assert.deepStrictEqual(new Pipe().send([new Point() as unknown as Row, bare, inheriting, foreign]), [
    { x: 1, t: null },
    { x: 2, t: null },
    { x: 3, t: null },
    { x: 4, t: new Date(5) },
  ])
})

test('keys in another order, missing and extra keys land in their columns', () => {
  assert.deepStrictEqual(new Pipe().send([{ a: 1, b: 2, c: 3 }, { c: 6, a: 4 }, { b: 8 }, { d: 'x', b: 9, a: 7 }]), [
    { a: 1, b: 2, c: 3, d: null },
    { a: 4, b: null, c: 6, d: null },
    { a: null, b: 8, c: null, d: null },
    { a: 7, b: 9, c: null, d: 'x' },
  ])
})

test('byteSize follows the size of the message within 5 percent, over batches', () => {
  const pipe = new Pipe()
  for (const count of [10_000, 3000]) {
    for (let i = 0; i < count; i++)
      pipe.builder.append({ a: i, b: i % 2 === 0, s: i % 3 === 0 ? null : `text ${i}`, t: new Date(i), nothing: null })
    const estimate = pipe.builder.byteSize
    const { length } = pipe.encoder.encode(pipe.builder)
    assert.ok(Math.abs(estimate - length) < 0.05 * length, `${estimate} against ${length}`)
    assert.equal(pipe.builder.rowCount, 0)
    assert.ok(pipe.builder.byteSize < 100)
  }
})

test('byteSize counts the columns that a row does not have, also in a second builder', () => {
  const shape = new Shape({ stage: 'test' })
  new BatchBuilder(shape).append({ early: 1 })
  const pipe = new Pipe(shape)
  for (let i = 0; i < 2000; i++) pipe.builder.append({ [`k${i % 50}`]: i, early: i })
  const estimate = pipe.builder.byteSize
  const { length } = pipe.encoder.encode(pipe.builder)
  assert.ok(Math.abs(estimate - length) < 0.05 * length, `${estimate} against ${length}`)
})

test('rows of nulls and without keys add to byteSize', () => {
  const builder = new BatchBuilder(new Shape({ stage: 's' }))
  const before = builder.byteSize
  for (let i = 0; i < 1000; i++) builder.append(i % 2 === 0 ? {} : { a: null })
  assert.ok(builder.byteSize - before >= 1000)
})

test('the same rows give the same bytes, whatever the builder held before', () => {
  const rows = [
    { b: true, n: 1, i: 1n, s: 'x' },
    { b: null, n: null, i: null, s: null },
    { b: false, n: 0, i: 0n, s: '' },
  ]
  const fresh = new Pipe()
  const used = new Pipe()
  const noise = Array.from({ length: 20 }, () => ({ b: true, n: -1, i: -1n, s: 'noise' }))
  const first = { b: true, n: 0, i: 0n, s: '' }
  fresh.message([first])
  used.message([first])
  used.message(noise)
  assert.deepStrictEqual(used.message(rows), fresh.message(rows))
})

test('more than 4,096 different keys are refused with the cure', () => {
  const builder = new BatchBuilder(new Shape({ stage: 's' }))
  for (let i = 0; i < 4096; i++) builder.append({ [`k${i}`]: null })
  assert.throws(() => builder.append({ more: 1 }), {
    code: 'TooManyColumns',
    message: /stage "s", row 4097: column "more".*\{ key, value \}/,
  })
})

test('a batch of 1,048,576 rows is full', () => {
  const pipe = new Pipe()
  for (let i = 0; i < 0x10_0000; i++) pipe.builder.append({})
  assert.throws(() => pipe.builder.append({}), { code: 'MessageTooLarge' })
  assert.equal(pipe.send([]).length, 0x10_0000)
})

test('text beyond 256 MiB in one batch is refused', () => {
  const pipe = new Pipe()
  const text = 'x'.repeat(2 ** 28)
  assert.throws(() => pipe.builder.append({ text: `${text}x` }), { code: 'MessageTooLarge' })
  assert.equal(pipe.builder.rowCount, 0)
})

test('a batch beyond 256 MiB in all its columns is refused when encoded', () => {
  const pipe = new Pipe()
  const text = 'x'.repeat(2 ** 27)
  pipe.builder.append({ a: text, b: text })
  assert.throws(() => pipe.encoder.encode(pipe.builder), { code: 'MessageTooLarge', message: /stage "test"/ })
  assert.equal(pipe.builder.rowCount, 1)
})

test('a batch after a huge one is right', () => {
  const pipe = new Pipe()
  const rowAt = (i: number): Row => ({ n: i, s: `text ${i}`, b: i % 3 === 0, i: i % 5 === 0 ? null : i })
  for (const count of [140_000, 3, 140_000]) {
    const back = pipe.send(Array.from({ length: count }, (_, i) => rowAt(i)))
    for (const i of [0, 1, 2, count - 1]) assert.deepStrictEqual(back[i], rowAt(i))
    assert.equal(back.length, count)
  }
})

test('a long text with lone surrogates or of many bytes comes back as it was', () => {
  const rows = ['\ud800', 'é', '\u{1f600}', 'x'].map((unit) => ({ s: unit.repeat(70_000) }))
  assert.deepStrictEqual(new Pipe().send(rows), rows)
})

test('a stage cannot begin with one column twice', () => {
  const field = { name: 'a', type: 'utf8' } as const
  assert.throws(() => new Shape({ stage: 's', schema: [field, field] }), { code: 'Internal' })
})
