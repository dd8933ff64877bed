import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import fc from 'fast-check'
import { BatchBuilder } from '../../src/columnar/builder.js'
import type { Row } from '../../src/columnar/schema.js'
import { Shape } from '../../src/columnar/shape.js'
import { anyUnits, Pipe } from './support.js'

const REFUSED: [string, unknown, RegExp][] = [
  ['a Map', new Map(), /object \(Map\)/],
  ['a Float32Array', new Float32Array(1), /object \(Float32Array\)/],
  ['an ArrayBuffer', new ArrayBuffer(1), /object \(ArrayBuffer\)/],
  ['a function', () => 1, /a function/],
  ['a symbol', Symbol('x'), /a symbol/],
  ['an invalid Date', new Date(Number.NaN), /invalid Date/],
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

const SAMPLES = {
  boolean: true,
  float64: 1,
  int64: 1n,
  utf8: '1',
  timestamp: new Date(1),
  binary: new Uint8Array(1),
  list: [1],
  struct: { a: 1 },
}

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
        if (isBad) assert.throws(() => pipe.builder.append({ ...row, bad: new Map() }), { code: 'ColumnType' })
        else pipe.builder.append(row)
      }
      const blank = { a: null, b: null, c: null, d: null, bad: null }
      const expected = list.filter(({ isBad }) => !isBad).map(({ row }) => ({ ...blank, ...row }))
      assert.deepStrictEqual(pipe.send([]), expected)
    }),
  )
})

test('a row that was refused for something deep in it leaves nothing behind', () => {
  const element = fc.record(
    { n: fc.option(fc.integer()), t: fc.option(fc.array(fc.option(anyUnits), { maxLength: 3 })), b: fc.uint8Array({ maxLength: 3 }) },
    { requiredKeys: [] },
  )
  const good = fc.record(
    { list: fc.option(fc.array(fc.option(element), { maxLength: 4 })), object: fc.option(element) },
    { requiredKeys: [] },
  )
  const wrong: unknown[] = [{ n: 'text' }, { t: ['x', 'y', 5] }, { t: [new Map()] }, { b: [] }, 7, { t: {} }]
  const bad = fc
    .record({ front: fc.array(fc.option(element), { maxLength: 3 }), end: fc.constantFrom(...wrong) })
    .map(({ front, end }) => ({
      object: { n: 1, t: ['text'], b: new Uint8Array(2) },
      list: [...front, end],
    }))
  const tries = fc.array(fc.record({ row: good, isBad: fc.boolean(), bad }), { maxLength: 30 })
  const sample = { list: [{ n: 1, t: ['x'], b: new Uint8Array(1) }], object: { n: 1, t: ['x'], b: new Uint8Array(1) } }
  fc.assert(
    fc.property(tries, (list) => {
      const used = new Pipe()
      const fresh = new Pipe()
      for (const pipe of [used, fresh]) pipe.send([sample])
      for (const { row, isBad, bad: refused } of list) {
        if (isBad) assert.throws(() => used.builder.append(refused), { code: 'ColumnType' })
        else for (const pipe of [used, fresh]) pipe.builder.append(row)
      }
      const message = used.encoder.encode(used.builder)
      assert.deepStrictEqual(message, fresh.encoder.encode(fresh.builder))
      used.decoder.decode(message)
    }),
  )
})

test('what is nested in more than 8 lists and objects is refused, a circle too', () => {
  const nest = (depth: number): unknown => {
    let value: unknown = 'x'
    for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { v: value }
    return value
  }
  const rows = [{ v: nest(8) }]
  assert.deepStrictEqual(new Pipe().send(rows), rows)
  const circle: { self?: unknown } = {}
  circle.self = circle
  for (const v of [nest(9), circle]) {
    assert.throws(() => new Pipe().builder.append({ v }), {
      code: 'ColumnType',
      message: /stage "test", row 1: column "v.* inside 8 others; map it to text/,
    })
  }
})

test('a value of another type inside a list or an object is named by its path', () => {
  const { builder } = new Pipe()
  builder.append({ user: { tags: ['x'] } })
  const message = /stage "test", row 2: column "user\.tags\[\]" is a number \(1\), but the column is utf8/
  assert.throws(() => builder.append({ user: { tags: ['y', 1] } }), { code: 'ColumnType', message })
})

test('more than 1,048,576 elements of one list column in a batch are refused', () => {
  const pipe = new Pipe()
  pipe.builder.append({ v: new Array(0x10_0000 - 1).fill(null) })
  pipe.builder.append({ v: [null] })
  assert.throws(() => pipe.builder.append({ v: [null] }), { code: 'MessageTooLarge', message: /"v\[\]" has more than 1048576 elements/ })
  const [row] = pipe.send([]) as [{ v: unknown[] }]
  assert.equal(row.v.length, 0x10_0000 - 1)
})

test('lists and objects of class instances and of another realm are read by their own keys and elements', () => {
  class Point {
    x = 1
    get sum(): number {
      return 1
    }
  }
  const foreign = vm.runInNewContext('({ l: [1, { t: new Date(5) }], b: new Uint8Array([1, 2]) })') as Row
  const { l } = foreign as { l: unknown[] }
  assert.deepStrictEqual(new Pipe().send([{ p: new Point(), b: foreign.b, l: l.slice(1), holes: new Array(2) }]), [
    { p: { x: 1 }, b: new Uint8Array([1, 2]), l: [{ t: new Date(5) }], holes: [null, null] },
  ])
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

test('byteSize follows the size of messages with lists, objects and bytes', () => {
  const pipe = new Pipe()
  for (const count of [3000, 2000]) {
    for (let i = 0; i < count; i++) {
      const tags = Array.from({ length: i % 5 }, (_, j) => `tag ${j}`)
      pipe.builder.append({ tags, at: { x: i, y: i % 2 === 0 ? null : 0.5 }, raw: new Uint8Array(i % 7), points: [{ x: 1, s: 'y' }] })
    }
    const estimate = pipe.builder.byteSize
    const { length } = pipe.encoder.encode(pipe.builder)
    assert.ok(Math.abs(estimate - length) < 0.05 * length, `${estimate} against ${length}`)
  }
})

test('rows of nulls and without keys add to byteSize', () => {
  const builder = new BatchBuilder(new Shape({ stage: 's' }))
  const before = builder.byteSize
  for (let i = 0; i < 1000; i++) builder.append([{}, { a: null }, { l: [null] }][i % 3] as Row)
  assert.ok(builder.byteSize - before >= 1000)
  const longer = builder.byteSize
  builder.append({ l: new Array(1000).fill(null) })
  assert.ok(builder.byteSize - longer >= 1000)
})

test('the same rows give the same bytes, whatever the builder held before', () => {
  const rows = [
    { b: true, n: 1, i: 1n, s: 'x', l: [{ n: 1 }, null], r: new Uint8Array([1]) },
    { b: null, n: null, i: null, s: null, l: null, r: null },
    { b: false, n: 0, i: 0n, s: '', l: [{ n: null }], r: new Uint8Array(0) },
  ]
  const fresh = new Pipe()
  const used = new Pipe()
  const noise = Array.from({ length: 20 }, () => ({
    b: true,
    n: -1,
    i: -1n,
    s: 'noise',
    l: [{ n: 9 }, { n: 9 }],
    r: new Uint8Array([9, 9]),
  }))
  const first = { b: true, n: 0, i: 0n, s: '', l: [{ n: 0 }], r: new Uint8Array(0) }
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

test('text or bytes beyond 256 MiB in one batch are refused', () => {
  const pipe = new Pipe()
  const text = 'x'.repeat(2 ** 28)
  assert.throws(() => pipe.builder.append({ text: `${text}x` }), { code: 'MessageTooLarge' })
  assert.throws(() => pipe.builder.append({ bytes: new Uint8Array(2 ** 28 + 1) }), {
    code: 'MessageTooLarge',
    message: /bytes of binary data/,
  })
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
