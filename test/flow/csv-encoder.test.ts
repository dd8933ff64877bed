import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { Row } from '../../src/columnar/schema.js'
import { CsvEncoder } from '../../src/flow/sinks/csv-encoder.js'
import { csv, readBatches } from '../../src/flow.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
after(() => rmSync(folder, { recursive: true }))

type Options = { columns?: string[]; delimiter?: string }

function encoder({ columns, delimiter = ',' }: Options = {}): CsvEncoder {
  return new CsvEncoder({ where: 'stage 1 write a.csv', columns, delimiter, blockBytes: 1e6 })
}

function encode(rows: readonly Row[], options?: Options): string {
  const csvEncoder = encoder(options)
  for (const row of rows) csvEncoder.add(row)
  return Buffer.from(csvEncoder.end()).toString()
}

test('a row of names, then one line a row; null and what is missing is an empty field, the empty string is quoted', () => {
  assert.equal(encode([{ a: 1, b: 'x' }, { b: '', a: null }, { a: 2 }]), 'a,b\n1,x\n,""\n2,\n')
})

test('text with quotes, delimiters or ends of lines is quoted, and nothing else', () => {
  const texts = ['a,b', 'say "x"', 'line\nline', 'line\rline', ' spaces ', "it's", 'a;b', '\ufeffmark', 'mark \ufeff', '日本 😀']
  assert.equal(
    encode(texts.map((t) => ({ t }))),
    't\n"a,b"\n"say ""x"""\n"line\nline"\n"line\rline"\n spaces \nit\'s\na;b\n"\ufeffmark"\nmark \ufeff\n日本 😀\n',
  )
  assert.equal(encode([{ 'a;"b': 'x;y', c: 'x,y' }], { delimiter: ';' }), '"a;""b";c\n"x;y";x,y\n')
  for (const delimiter of ['\t', '|', '\\', '^', ']', '-', '.']) {
    assert.equal(encode([{ a: `x${delimiter}y`, b: 'xy' }], { delimiter }), `a${delimiter}b\n"x${delimiter}y"${delimiter}xy\n`)
  }
})

test('values of every type have a text', () => {
  const row = {
    number: -1.5e-7,
    zero: -0,
    none: Number.NaN,
    most: Number.POSITIVE_INFINITY,
    big: 2n ** 60n,
    yes: true,
    at: new Date(0),
    never: new Date(Number.NaN),
    bytes: Uint8Array.of(0, 255),
    list: [1, 'a'],
    object: { b: 2n },
    missing: undefined,
  }
  assert.equal(
    encode([row]).split('\n')[1],
    '-1.5e-7,-0,NaN,Infinity,1152921504606846976,true,1970-01-01T00:00:00.000Z,,AP8=,"[1,""a""]","{""b"":2}",',
  )
})

test('columns come in the order in which they are named, also where no row came; without a row and a name there is nothing', () => {
  assert.equal(encode([{ a: 1, b: 2 }], { columns: ['b', 'a', 'toString'] }), 'b,a,toString\n2,1,\n')
  assert.equal(encode([], { columns: ['b', 'a'] }), 'b,a\n')
  assert.equal(encode([]), '')
})

test('a row with another column ends it, with the row, the columns and the cure', () => {
  const first = encoder()
  first.add({ a: 1, b: 1 })
  first.add({ b: 1 })
  assert.throws(() => first.add({ a: 1, b: 1, c: 1 }), {
    code: 'SinkColumn',
    message:
      'stage 1 write a.csv: row 3 has a column "c", where the first row has a, b: name all in the option columns, or leave it out in a map',
  })
  assert.throws(() => encode([{ c: 1 }], { columns: ['a'] }), {
    code: 'SinkColumn',
    message: /row 1 has a column "c", where columns names a:/,
  })
  assert.throws(() => encode([{}]), { code: 'SinkColumn', message: /the first row has no columns/ })
})

test('the next file has the columns of the first, with a row of names of its own', () => {
  const parts = encoder()
  parts.add({ a: 1, b: 1 })
  assert.equal(Buffer.from(parts.end()).toString(), 'a,b\n1,1\n')
  parts.add({ b: 2 })
  assert.equal(Buffer.from(parts.take()).toString(), 'a,b\n,2\n')
  parts.add({ b: 3, a: 3 })
  assert.equal(Buffer.from(parts.end()).toString(), '3,3\n')
})

/** Without lone surrogates, for which UTF-8 has no bytes. */
const text = (most: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', '"', ',', ';', '\n', '\r', ' ', '\ufeff', 'ß', '😀'), maxLength: most })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const columns = {
  text: 'utf8',
  maybe: 'utf8?',
  number: 'float64?',
  int: 'int32?',
  big: 'int64?',
  on: 'boolean?',
  at: 'timestamp?',
} as const
const rowsArbitrary = fc.array(
  fc.record(
    {
      text: text(8),
      maybe: maybe(text(8)),
      number: maybe(fc.double()),
      int: maybe(fc.integer()),
      big: maybe(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      on: maybe(fc.boolean()),
      at: maybe(fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 8 },
)

test('what csv() reads of it are the same rows', async () => {
  const path = join(folder, 'same.csv')
  await fc.assert(
    fc.asyncProperty(rowsArbitrary, fc.constantFrom(',', ';', '\t'), async (rows, delimiter) => {
      writeFileSync(path, encode(rows, { columns: Object.keys(columns), delimiter }))
      const read: Row[] = []
      for await (const batch of readBatches(csv(path, { columns, delimiter }))) read.push(...batch)
      assert.deepEqual(read, rows)
    }),
    { numRuns: 100 },
  )
})

test('and of one column, whatever is in it', async () => {
  const path = join(folder, 'one.csv')
  await fc.assert(
    fc.asyncProperty(
      fc.array(maybe(text(3)), { maxLength: 8 }),
      text(3).filter((t) => t !== ''),
      async (texts, name) => {
        const rows = texts.map((t) => ({ [name]: t }))
        writeFileSync(path, encode(rows, { columns: [name] }))
        const read: Row[] = []
        for await (const batch of readBatches(csv<Row>(path))) read.push(...batch)
        assert.deepEqual(read, rows)
      },
    ),
    { numRuns: 100 },
  )
})
