import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Batch } from '../../src/columnar/batch.js'
import { Block } from '../../src/columnar/block.js'
import { BatchBuilder } from '../../src/columnar/builder.js'
import { BatchEncoder } from '../../src/columnar/encode.js'
import type { Row } from '../../src/columnar/schema.js'
import { Shape } from '../../src/columnar/shape.js'
import { KINDS, Pipe } from './support.js'

const COLUMNS = Object.keys(KINDS)
/** Rows of every kind of column, some of whose values are null or missing. */
const someRows: fc.Arbitrary<Row[]> = fc.array(
  fc.record(Object.fromEntries(COLUMNS.map((name) => [name, fc.option(KINDS[name].values)])), { requiredKeys: [] }),
  { maxLength: 30 },
)
const indexesOf = (length: number): fc.Arbitrary<number[]> =>
  length === 0 ? fc.constant([]) : fc.array(fc.nat(length - 1), { maxLength: 40 })
const rowsAndIndexes = someRows.chain((rows) => fc.tuple(fc.constant(rows), indexesOf(rows.length)))

const decoded = (rows: readonly Row[]): Batch => {
  const pipe = new Pipe()
  return pipe.decoder.decode(pipe.message(rows))
}

const rowsOf = (builder: BatchBuilder): Row[] => new Pipe().decoder.decode(new BatchEncoder().encode(builder)).rows()

/** Every column of every row, as rows that came by a batch have. */
const whole = (rows: readonly Row[]): Row[] => {
  const { names } = Block.ofRows(rows)
  return rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name] ?? null])))
}

test('rows of a block are appended as they are one by one: the same message', () => {
  fc.assert(
    fc.property(rowsAndIndexes, ([rows, indexes]) => {
      const [one, many] = [new BatchBuilder(new Shape({ stage: 'a' })), new BatchBuilder(new Shape({ stage: 'a' }))]
      const all = whole(rows)
      for (const index of indexes) one.append(all[index])
      const half = indexes.length >> 1
      const block = Block.ofRows(rows)
      for (const part of [indexes.slice(0, half), indexes.slice(half)]) many.appendMany(block, Int32Array.from(part), part.length)
      assert.equal(many.byteSize, one.byteSize)
      assert.equal(many.shape.rowsSeen, one.shape.rowsSeen)
      assert.deepEqual(new BatchEncoder().encode(many), new BatchEncoder().encode(one))
    }),
  )
})

test('rows of a batch are appended as they are one by one, though no value of theirs is made', () => {
  fc.assert(
    fc.property(rowsAndIndexes, ([rows, picked]) => {
      const batch = decoded(rows)
      // As an exchange deals them out: each once, and in order.
      const indexes = [...new Set(picked)].sort((a, b) => a - b)
      for (const part of [indexes, batch.rows().map((_row, index) => index)]) {
        const [one, many] = [new BatchBuilder(new Shape({ stage: 'a' })), new BatchBuilder(new Shape({ stage: 'a' }))]
        const all = batch.rows()
        for (const index of part) one.append(all[index])
        // Twice, so that what comes first meets columns that have a type and rows.
        for (const index of part) one.append(all[index])
        for (let turn = 0; turn < 2; turn++) many.appendMany(Block.ofBatch(batch, 0, batch.rowCount), Int32Array.from(part), part.length)
        // A column of which only nulls were picked has the type of the batch already: the messages may differ by that.
        assert.deepEqual(rowsOf(many), rowsOf(one))
      }
    }),
  )
})

test('a block of a batch has its rows and its columns, in part too', () => {
  fc.assert(
    fc.property(someRows, fc.nat(30), fc.nat(30), (rows, a, b) => {
      const pipe = new Pipe()
      const batch = pipe.decoder.decode(pipe.message(rows))
      const [from, to] = [Math.min(a, b, rows.length), Math.min(Math.max(a, b), rows.length)]
      const expected = batch.rows().slice(from, to)
      for (const block of [Block.ofBatch(batch, from, to), Block.ofBatch(batch, 0, rows.length).part(from, to)]) {
        assert.deepEqual(
          Array.from({ length: block.rows }, (_none, index) => block.row(index)),
          expected,
        )
        for (const name of block.names)
          assert.deepEqual(
            [...Array.from(block.named(name) ?? [])],
            expected.map((row) => row[name]),
          )
      }
    }),
  )
})

test('a column called like something that every object inherits is null where a row has none', () => {
  const rows: Row[] = [{ a: 1 }, JSON.parse('{"a":2,"__proto__":"p","constructor":"c","toString":"t"}')]
  const block = Block.ofRows(rows)
  assert.deepEqual(block.named('constructor'), [null, 'c'])
  assert.deepEqual(block.named('toString'), [null, 't'])
  assert.deepEqual(block.named('__proto__'), [null, 'p'])
})

test('numbers and bigints without nulls are read where they lie', () => {
  const pipe = new Pipe()
  const batch = pipe.decoder.decode(
    pipe.message([
      { n: 1, b: 1n, m: 1 },
      { n: 2, b: 2n, m: null },
    ]),
  )
  const block = Block.ofBatch(batch, 1, 2)
  assert.deepEqual(block.named('n'), new Float64Array([2]))
  assert.deepEqual(block.named('b'), new BigInt64Array([2n]))
  assert.deepEqual(block.named('m'), [null])
  assert.equal((block.named('n') as Float64Array).buffer, (Block.ofBatch(batch, 0, 1).named('n') as Float64Array).buffer)
  assert.equal(block.named('none'), undefined)
})

test('which value has no place in its column is said with its row, and nothing of its block is half there', () => {
  const builder = new BatchBuilder(new Shape({ stage: 'many' }))
  builder.append({ n: 1, text: 'a' })
  const block = Block.ofRows([
    { n: 2, text: 'b' },
    { n: 3, text: 4 },
    { n: 'x', text: 'd' },
  ])
  assert.throws(() => builder.appendMany(block, Int32Array.of(0, 1, 2), 3), {
    code: 'ColumnType',
    message: /^stage "many", row 3: column "text" is a number \(4\), /,
  })
  assert.equal(builder.rowCount, 2)
})
