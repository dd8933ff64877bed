import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MillraceError } from '../../src/base/errors.js'
import type { Batch } from '../../src/columnar/batch.js'
import { BatchDecoder } from '../../src/columnar/decode.js'
import { FoundInt32 } from '../../src/columnar/int32-columns.js'
import { KINDS } from '../../src/columnar/layout.js'
import type { ColumnType, Row } from '../../src/columnar/schema.js'
import { Shape } from '../../src/columnar/shape.js'
import { Pipe } from './support.js'

const ROWS: Row[] = Array.from({ length: 11 }, (_, i) => ({
  f: i % 4 === 0 ? null : i / 3,
  b: i % 3 === 0,
  i: i === 5 ? null : BigInt(i),
  t: new Date(i * 1e9),
  ascii: `s${i}`,
  sound: `é${i}`,
  units: i === 2 ? '\ud800' : 'x',
  nothing: null,
  raw: i === 3 ? null : new Uint8Array([i, i]),
  list: i === 4 ? null : [i, null, i].slice(i % 3),
  object: i === 6 ? null : { x: i, in: [{ y: `é${i}` }, null] },
  int: i === 7 ? null : i - 5,
}))
const INT32 = new FoundInt32()
INT32.found([{ name: 'int', type: 'int32' }])

const ROWS_AT = 8
const COLUMNS_AT = 12
const FLAGS_AT = 14
const DESCRIPTORS_AT = 16

function good(rows: readonly Row[] = ROWS, type?: ColumnType): Uint8Array {
  return new Pipe(new Shape({ stage: 'test', schema: type === undefined ? [] : [{ name: 'a', type }], int32: INT32 })).message(rows)
}

function readAll(batch: Batch): void {
  batch.rows()
  for (const vector of batch.vectors) for (let i = 0; i < batch.rowCount; i++) assert.equal(vector.isNull(i), vector.get(i) === null)
}

/** Reads it all, or is refused as a broken protocol. */
function survives(message: Uint8Array): boolean {
  try {
    readAll(new BatchDecoder().decode(message))
    return true
  } catch (error) {
    assert.ok(error instanceof MillraceError && error.code === 'Protocol', String(error))
    return false
  }
}

/** `type`: that of the column `a` from the beginning. */
function changed(change: (view: DataView, message: Uint8Array) => void, rows?: readonly Row[], type?: ColumnType): Uint8Array {
  const message = good(rows, type)
  change(new DataView(message.buffer), message)
  return message
}

test('every truncation and every extension is refused', () => {
  const message = good()
  assert.ok(survives(message))
  for (let length = 0; length < message.length; length++) assert.ok(!survives(message.slice(0, length)), `${length} bytes`)
  for (const more of [1, 7, 8, 64]) {
    const longer = new Uint8Array(message.length + more)
    longer.set(message)
    assert.ok(!survives(longer), `${more} bytes more`)
  }
})

test('any changed bytes are read or refused, never anything else', () => {
  const message = good()
  const change = fc.record({ at: fc.nat(message.length - 1), value: fc.integer({ min: 0, max: 255 }) })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const copy = message.slice()
      for (const { at, value } of changes) copy[at] = value
      survives(copy)
    }),
    { numRuns: 5000 },
  )
})

test('extreme numbers in any place are read or refused without much memory', () => {
  const message = good()
  const before = process.memoryUsage().arrayBuffers
  for (let at = 0; at + 4 <= message.length; at++) {
    for (const value of [0, 1, 10, 12, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x10_0000]) {
      const copy = message.slice()
      new DataView(copy.buffer).setUint32(at, value, true)
      survives(copy)
    }
  }
  const copies = 8 * message.length * message.length
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 * copies)
})

test('noise is refused', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => assert.ok(!survives(noise))))
})

/** A list of lists, as no builder makes it. */
function deepList(depth: number): Uint8Array {
  const message = good([{ a: [] }])
  const deep = new Uint8Array(16 * (depth + 3))
  const view = new DataView(deep.buffer)
  deep.set(message.subarray(0, 32))
  view.setUint32(ROWS_AT, 0, true)
  view.setUint16(COLUMNS_AT, depth + 1, true)
  for (let i = 0; i < depth; i++) deep.set(message.subarray(16, 24), 16 + 16 * i)
  view.setUint32(28, 1, true)
  deep[16 * (depth + 2)] = 97
  return deep.subarray(0, 16 * (depth + 2) + 8)
}

/** One list of so many nulls. */
function nullElements(count: number): Uint8Array {
  return changed(
    (view) => {
      view.setUint32(DESCRIPTORS_AT + 8, count, true)
      view.setUint32(DESCRIPTORS_AT + 16 + 4, count, true)
      view.setInt32(60, count, true)
    },
    [{ a: [null] }],
  )
}

test('as many nulls as a list column may have in a batch are read', () => {
  const [row] = new BatchDecoder().decode(nullElements(0x10_0000)).rows() as [{ a: unknown[] }]
  assert.equal(row.a.length, 0x10_0000)
})

test('a list in 8 others is read', () => {
  assert.ok(survives(deepList(8)))
})

const BROKEN: [string, Uint8Array][] = [
  ['another magic number', changed((view) => view.setUint32(0, 1, true))],
  ['more rows than any batch', changed((view) => view.setUint32(ROWS_AT, 0x10_0001, true), [{}])],
  ['more columns than there are', changed((view) => view.setUint16(COLUMNS_AT, 0xffff, true))],
  ['an unknown flag', changed((view) => view.setUint16(FLAGS_AT, 3, true))],
  ['no names in the first message', changed((view) => view.setUint16(FLAGS_AT, 0, true))],
  ['an unknown kind', changed((view) => view.setUint32(DESCRIPTORS_AT, KINDS.length, true))],
  ['more nulls than rows', changed((view) => view.setUint32(DESCRIPTORS_AT + 4, 12, true))],
  ['a count of nulls that the bitmap contradicts', changed((view) => view.setUint32(DESCRIPTORS_AT + 4, 2, true))],
  ['values in a column of nulls', changed((view) => view.setUint32(DESCRIPTORS_AT, 0, true))],
  ['text in a column of numbers', changed((view) => view.setUint32(DESCRIPTORS_AT + 8, 8, true))],
  ['a name that ends beyond the message', changed((view) => view.setUint32(DESCRIPTORS_AT + 12, 0xffff_ffff, true))],
  ['a name twice', changed((_, message) => message.copyWithin(48, 49, 50), [{ a: 1, b: 1 }])],
  ['a name that is no text', changed((_, message) => message.fill(0xff, 32, 33), [{ a: 1 }])],
  ['a first text offset that is not 0', changed((view) => view.setInt32(40, 1, true), [{ a: 'xy' }])],
  ['a last text offset that is not the end', changed((view) => view.setInt32(44, 1, true), [{ a: 'xy' }])],
  ['text offsets that go back', changed((view) => view.setInt32(44, 3, true), [{ a: 'xy' }, { a: '' }])],
  ['a negative text offset', changed((view) => view.setInt32(44, -1, true), [{ a: 'xy' }, { a: '' }])],
  ['a string that begins inside a character', changed((view) => view.setInt32(44, 1, true), [{ a: 'é' }, { a: '' }])],
  ['text that is cut off', changed((_, message) => message.set([0xe2, 0x82], 48), [{ a: 'xy' }])],
  ['overlong text', changed((_, message) => message.set([0xc1, 0xbf], 48), [{ a: 'xy' }])],
  ['overlong text of three bytes', changed((_, message) => message.set([0xe0, 0x80, 0x80], 48), [{ a: 'xyz' }])],
  ['text beyond Unicode', changed((_, message) => message.set([0xf4, 0x90, 0x80, 0x80], 48), [{ a: 'wxyz' }])],
  ['a list that lacks its elements', changed((view) => view.setUint16(COLUMNS_AT, 1, true), [{ a: [1] }])],
  ['an object that lacks a field', changed((view) => view.setUint32(DESCRIPTORS_AT + 8, 2, true), [{ a: { b: 1 } }])],
  [
    'an object of more fields than there are columns',
    changed((view) => view.setUint32(DESCRIPTORS_AT + 8, 0xffff_ffff, true), [{ a: {} }]),
  ],
  ['more elements than in any batch', changed((view) => view.setUint32(DESCRIPTORS_AT + 8, 0x10_0001, true), [{ a: [null] }])],
  ['more elements than in any batch, all of them null', nullElements(0x10_0001)],
  ['elements of a list of nulls', changed((view) => view.setUint32(DESCRIPTORS_AT + 8, 1, true), [{ a: null }], { list: 'null' })],
  ['elements with a name', changed((view) => view.setUint32(DESCRIPTORS_AT + 16 + 12, 1, true), [{ a: [1] }])],
  ['list offsets that go back', changed((view) => view.setInt32(60, 3, true), [{ a: [1] }, { a: [2] }])],
  ['list offsets that end before the elements', changed((view) => view.setInt32(64, 1, true), [{ a: [1] }, { a: [2] }])],
  ['a list in more than 8 others', deepList(9)],
  ['bytes whose offsets do not cover them', changed((view) => view.setInt32(44, 1, true), [{ a: new Uint8Array(2) }])],
  ['int32 said to be float64', changed((view) => view.setUint32(DESCRIPTORS_AT, KINDS.indexOf('float64'), true), [{ int: 1 }, { int: 2 }])],
  ['a size of int32', changed((view) => view.setUint32(DESCRIPTORS_AT + 8, 8, true), [{ int: 1 }])],
  ['a size of numbers', changed((view) => view.setUint32(DESCRIPTORS_AT + 8, 1, true), [{ a: 1 }])],
  ['a moment no Date can hold', changed((view) => view.setBigInt64(40, 8_640_000_000_000_001n, true), [{ a: new Date(0) }])],
]

for (const [what, message] of BROKEN) {
  test(`${what} is a protocol error`, () => {
    assert.throws(() => new BatchDecoder().decode(message), { code: 'Protocol', message: /^malformed batch: / })
  })
}

test('a schema that is older, narrower, renamed or retyped is refused, and the stream goes on after it', () => {
  const pipe = new Pipe()
  const first = pipe.message([{ a: null, b: 1 }])
  const second = pipe.message([{ a: 'x', b: 2, c: true }])
  const third = pipe.message([{ a: 'y' }])
  const { decoder } = pipe
  decoder.decode(first)
  assert.throws(() => decoder.decode(third), { code: 'Protocol' })
  decoder.decode(second)
  for (const rows of [[{ a: 'x' }], [{ a: 1, b: 2, c: true }], [{ a: 'x', z: 2, c: true }]]) {
    const other = good(rows)
    new DataView(other.buffer).setUint32(4, 99, true)
    assert.throws(() => decoder.decode(other), { code: 'Protocol' }, JSON.stringify(rows))
  }
  assert.throws(() => decoder.decode(second), { code: 'Protocol', message: /schema version/ })
  const retyped = third.slice()
  new DataView(retyped.buffer).setUint32(DESCRIPTORS_AT, 2, true)
  assert.throws(() => decoder.decode(retyped), { code: 'Protocol' })
  assert.deepStrictEqual(decoder.decode(third).rows(), [{ a: 'y', b: null, c: null }])
})

test('an object that says it has fewer fields than its schema is refused', () => {
  const pipe = new Pipe()
  pipe.send([{ a: { x: 1, y: 2 } }])
  const message = pipe.message([{ a: { x: 3 } }])
  new DataView(message.buffer).setUint32(DESCRIPTORS_AT + 8, 1, true)
  assert.throws(() => pipe.decoder.decode(message), { code: 'Protocol', message: /column 0 of kind struct has size 1/ })
})

test('a message at any place in its memory is read, and one at a multiple of 8 without a copy', () => {
  const message = good()
  for (let offset = 0; offset <= 16; offset++) {
    const moved = new Uint8Array(message.length + 24).subarray(offset, offset + message.length)
    moved.set(message)
    const batch = new BatchDecoder().decode(moved)
    assert.deepStrictEqual(batch.rows(), ROWS)
    moved.fill(0)
    const [, row] = batch.rows()
    assert.equal(row?.f, offset % 8 === 0 ? null : 1 / 3)
  }
})

test('the names travel with the first message and after a change only', () => {
  const pipe = new Pipe()
  const name = 'a long name that would be seen in the length of a message'
  const first = pipe.message([{ [name]: 1 }])
  const second = pipe.message([{ [name]: 2 }])
  const third = pipe.message([{ [name]: 3, b: null }])
  assert.ok(first.length - second.length >= name.length)
  assert.ok(third.length - second.length >= name.length)
})

test('an encoder belongs to one stage', () => {
  const pipe = new Pipe()
  pipe.message([{ a: 1 }])
  assert.throws(() => pipe.encoder.encode(new Pipe().builder), { code: 'Internal' })
})
