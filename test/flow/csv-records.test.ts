import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CsvRecord } from '../../src/flow/sources/csv-record.js'
import { type BrokenRecord, CsvRecords } from '../../src/flow/sources/csv-records.js'

type Seen = { fields: (string | null)[]; line: number; offset: number } | BrokenRecord

function seen(record: CsvRecord | BrokenRecord): Seen {
  if (!('fields' in record)) return record
  const { fields, line, offset } = record
  return { fields: fields.map((field, at) => (record.isNull(at) ? null : field)), line, offset }
}

/** What is read of text that comes in pieces of these sizes, in turn. */
async function read(text: string, sizes: readonly number[] = [1e6]): Promise<Seen[]> {
  const records = new CsvRecords({ delimiter: ',', quote: '"' })
  const bytes = Buffer.from(text)
  const all: Seen[] = []
  const steps = (): void => {
    for (let step = records.step(); step !== undefined; step = records.step()) all.push(...step.map(seen))
  }
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] as number
    records.add(bytes.subarray(at, at + size))
    at += size
    steps()
  }
  for (let last = await records.finish(); last !== undefined; last = await records.finish()) {
    all.push(...last.map(seen))
    steps()
  }
  return all
}

const field = fc.oneof(
  fc.constantFrom('', '""', 'a', '"b"', '"c,d"', '"e""f"', '"ß 😀"', '"g\nh"', '""","""'),
  fc.constantFrom('x"y', '"x"y', '"open', '"'),
)
const lines = fc.array(fc.array(field, { minLength: 1, maxLength: 3 }), { maxLength: 12 })
const textOf = (rows: string[][]): string => rows.map((row) => `${row.join(',')}\n`).join('')

test('it does not matter in what pieces the text comes', async () => {
  await fc.assert(
    fc.asyncProperty(lines, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (rows, sizes) => {
      const text = textOf(rows)
      assert.deepEqual(await read(text, sizes), await read(text))
    }),
    { numRuns: 300 },
  )
})

test('each record and each broken one is told with its line and byte', async () => {
  assert.deepEqual(await read('\ufeffa,""\n"1\n2",x"y\n,3\n"4"5\n\n6,"7'), [
    { fields: ['a', ''], line: 1, offset: 0 },
    { problem: 'a quote in the midst of a field', line: 3, offset: 8 },
    { fields: [null, '3'], line: 4, offset: 18 },
    { problem: 'text behind a closing quote', line: 5, offset: 21 },
    { fields: [null], line: 6, offset: 26 },
    { problem: 'a quote that is never closed', line: 7, offset: 27 },
  ])
})

/** Lines that are broken wherever they stand, but in quotes. */
const BROKEN = ['x"y', '1,"a"b', '"a" ,1', '1,2,c"d,3', '"open', '1,"open, 2']

test('of broken lines between good ones of one line each exactly these are lost', async () => {
  const good = fc
    .array(fc.constantFrom('', '""', 'a', '"b"', '"c,d"', '"e""f"', 'ß'), { minLength: 2, maxLength: 3 })
    .map((row) => row.join(','))
  const line = fc.oneof(
    { weight: 3, arbitrary: good.map((text) => ({ text, isBroken: false })) },
    { weight: 1, arbitrary: fc.constantFrom(...BROKEN).map((text) => ({ text, isBroken: true })) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 15 }), fc.constantFrom('\n', '\r\n'), async (all, newline) => {
      const records = await read(all.map(({ text }) => `${text}${newline}`).join(''))
      const lost = records.flatMap((record) => ('problem' in record ? [record.line] : []))
      assert.deepEqual(
        lost,
        all.flatMap(({ isBroken }, index) => (isBroken ? [index + 1] : [])),
      )
      assert.deepEqual(
        records.map(({ line }) => line),
        all.map((_none, index) => index + 1),
      )
    }),
    { numRuns: 300 },
  )
})

test('a quote that is never closed costs its line, whatever follows, and what is too long its lines', async () => {
  const rows = Array.from({ length: 20_000 }, (_none, n) => `${n},some text that goes on and on and on and on\n`).join('')
  const records = await read(`a,"b\n${rows}c,d\n`, [100_000])
  assert.equal(records.length, 20_002)
  assert.deepEqual(records[0], { problem: 'a quote that is never closed', line: 1, offset: 0 })
  assert.deepEqual(records[20_001], { fields: ['c', 'd'], line: 20_002, offset: 5 + Buffer.byteLength(rows) })
  const long = `a,${'x'.repeat(17_000_000)}`
  assert.deepEqual(
    (await read(`1,2\n${long}\n3,4\n`, [65_536])).map(({ line }) => line),
    [1, 2, 3],
  )
})
