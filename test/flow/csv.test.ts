import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { enumerateSplits } from '../../src/flow/sources/enumerate.js'
import { openSource } from '../../src/flow/sources/open-source.js'
import type { Split } from '../../src/flow/sources/split.js'
import { type CsvColumns, type CsvOptions, csv, flow, jsonl, readBatches, to } from '../../src/flow.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
after(() => rmSync(folder, { recursive: true }))

type Options = CsvOptions<CsvColumns>

async function read(text: string | Uint8Array, options: Options = {}): Promise<unknown[]> {
  const path = join(folder, 'one.csv')
  writeFileSync(path, text)
  const rows: unknown[] = []
  for await (const batch of readBatches(csv(path, options as CsvOptions<never>))) rows.push(...batch)
  return rows
}

test('the first row names the columns; without types all is text, and an empty field is null', async () => {
  assert.deepEqual(await read('a,b,c\n1,x,\n,"",2.5\n'), [
    { a: '1', b: 'x', c: null },
    { a: null, b: '', c: '2.5' },
  ])
  assert.deepEqual(await read('a,b\n'), [])
  assert.deepEqual(await read('1;2\n3;4', { header: ['x', 'y'], delimiter: ';' }), [
    { x: '1', y: '2' },
    { x: '3', y: '4' },
  ])
})

test('quotes hold delimiters, quotes and ends of lines as they are; a byte order mark and blank lines are dropped', async () => {
  assert.deepEqual(await read('\ufeffa,b\r\n"x,""y""","1\r\n2\n3"\r\n\r\nß,日本 😀\r\n'), [
    { a: 'x,"y"', b: '1\r\n2\n3' },
    { a: 'ß', b: '日本 😀' },
  ])
  assert.deepEqual(await read("a,b\n'x,','it''s'\n", { quote: "'" }), [{ a: 'x,', b: "it's" }])
})

test('columns are chosen, converted and checked', async () => {
  const columns = { n: 'float64', i: 'int32?', big: 'int64', on: 'boolean', at: 'timestamp', text: 'utf8', none: 'dictionary?' } as const
  const text = 'skipped,n,i,big,on,at,text,none\nx,-1.5e3,,9007199254740993,TRUE,2026-11-27,,\n,7,-5,-1,false,2026-11-27 10:30:00.5,t,u\n'
  assert.deepEqual(await read(text, { columns }), [
    { n: -1500, i: null, big: 9007199254740993n, on: true, at: new Date('2026-11-27T00:00:00Z'), text: '', none: null },
    { n: 7, i: -5, big: -1n, on: false, at: new Date('2026-11-27T10:30:00.500Z'), text: 't', none: 'u' },
  ])
  const at = await read('at\n2026-11-27T10:30:00+02:00\n', { columns: { at: 'timestamp' } })
  assert.deepEqual(at, [{ at: new Date('2026-11-27T08:30:00Z') }])
  const forms = ['2024-02-29', '2026-11-27 10:30Z', '2026-11-27t10:30:00.123456z', '2026-11-27T10:30:00+0200', '2026-11-27T00:30:00-05:00']
  assert.deepEqual(
    (await read(`at\n${forms.join('\n')}\n`, { columns: { at: 'timestamp' } })).map((row) => (row as { at: Date }).at.toISOString()),
    [
      '2024-02-29T00:00:00.000Z',
      '2026-11-27T10:30:00.000Z',
      '2026-11-27T10:30:00.123Z',
      '2026-11-27T08:30:00.000Z',
      '2026-11-27T05:30:00.000Z',
    ],
  )
  assert.deepEqual(await read('n\nNaN\n-Infinity\n.5\n', { columns: { n: 'float64' } }), [{ n: Number.NaN }, { n: -Infinity }, { n: 0.5 }])
})

test('in a file of one column a blank line is a row with an empty field: none is lost', async () => {
  assert.deepEqual(await read('a\n1\n\n2\n""\n'), [{ a: '1' }, { a: null }, { a: '2' }, { a: '' }])
  assert.deepEqual(await read('\n\na,b\n\n1,2\n\n'), [{ a: '1', b: '2' }])
})

test('a quote that is never closed takes no more memory than the longest row', async () => {
  await assert.rejects(read(`a,b\n1,"${'x'.repeat(17_000_000)}\n`), { code: 'SourceLine', message: /16777216/ })
})

for (const [type, text, why] of [
  ['float64', '1,5', /line 3: a row of 2 fields where 1 are named/],
  ['float64', '"1,5"', /line 3: column "v" is "1,5", which is no float64/],
  ['float64', '0x10', /no float64/],
  ['float64', '""', /line 3: column "v" is empty; declare it 'float64\?'/],
  ['int32', '2147483648', /no int32/],
  ['int32', '1.0', /no int32/],
  ['int64', '9223372036854775808', /no int64/],
  ['boolean', 'yes', /no boolean/],
  ['timestamp', '27.11.2026', /no timestamp/],
  ['timestamp', '2026-13-01', /no timestamp/],
  // JavaScript reads them as other days.
  ['timestamp', '2026-02-30', /no timestamp/],
  ['timestamp', '2026-02-29T10:00', /no timestamp/],
  ['timestamp', '2026-01-01T25:00', /no timestamp/],
  ['float64', 'infinity', /no float64/],
  ['float64', 'nan', /no float64/],
] as const) {
  test(`${text} as ${type} is an error that says where`, async () => {
    const good = { float64: '1', int32: '1', int64: '1', boolean: 'true', timestamp: '2026-01-01' }[type]
    const error = await read(`v\n${good}\n${text}\n`, { columns: { v: type } }).catch((thrown) => thrown)
    assert.match(error.message, why)
    assert.ok(error.file.endsWith('one.csv') && error.offset > 0)
  })
}

test('rows of another length, broken quotes, columns that are missing or named twice are errors that say where', async () => {
  for (const [text, options, code, message] of [
    ['a,b\n1,2\n3\n', {}, 'SourceLine', /one\.csv, line 3: a row of 1 fields where 2 are named/],
    ['a,b\n1,2,3\n', {}, 'SourceLine', /line 2/],
    ['1,2\n', { header: ['a', 'b', 'c'] }, 'SourceLine', /line \d: a row of 2 fields where 3 are named/],
    ['a,b\n1,2\n,,\n', {}, 'SourceLine', /line 3: a row of 3 fields where 2 are named/],
    ['a\n"x"y\n', {}, 'SourceLine', /line 2: text behind a closing quote/],
    ['a,b\n1,2\n\n1,x"y"\n', {}, 'SourceLine', /line 4: a quote in the midst of a field/],
    ['a,b\n""\n', {}, 'SourceLine', /line 2: a row of 1 fields/],
    ['a\n"never closed\n', {}, 'SourceLine', /one\.csv, line 2: a quote that is never closed/],
    ['a,b\n1,2\n', { columns: { c: 'utf8' } }, 'ColumnMissing', /there is no column "c"; it has a, b/],
    ['a,a\n1,2\n', {}, 'FileColumn', /named twice: a, a/],
    ['a,__proto__\n1,2\n', {}, 'FileColumn', /"__proto__" cannot be a column/],
  ] as const) {
    await assert.rejects(read(text, options as unknown as Options), { code, message }, text)
  }
})

test('what cannot be is refused before anything is read', () => {
  assert.throws(() => csv('a.csv', { delimiter: '::' }), { code: 'InvalidArgument', message: /^csv\(\): delimiter is one character/ })
  assert.throws(() => csv('a.csv', { quote: '' }), { code: 'InvalidArgument' })
  assert.throws(() => csv('a.csv', { delimiter: '"' }), { code: 'InvalidArgument', message: /are the same/ })
  assert.throws(() => csv('a.csv', { delimiter: '\n' }), { code: 'InvalidArgument' })
  assert.throws(() => csv('a.csv', { header: ['a', 'a'] }), { code: 'InvalidArgument', message: /named twice/ })
  for (const type of ['binary', 'list', 'struct?']) {
    const message = new RegExp(`holds no ${type.replace('?', '')}`)
    assert.throws(() => csv('a.csv', { columns: { a: type as 'utf8' } }), { code: 'InvalidArgument', message })
  }
  assert.throws(() => csv('a.csv', { columns: { a: 'text' as 'utf8' } }), { code: 'InvalidArgument', message: /unknown type/ })
  assert.throws(() => csv([]), { code: 'InvalidArgument' })
})

test('the plan says what is read and how', async () => {
  const job = flow('file:///stages.js').read(csv('*.csv', { columns: { a: 'int32', b: 'utf8?' }, delimiter: '\t' }))
  assert.match(await job.explain(), /^ {2}read csv \*\.csv \{ a: int32, b: utf8\? \}$/m)
})

const field = fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom('"', ',', '\n', '\r\n', 'a"b', ' x '))
const quoted = (text: string): string => (/[",\r\n\ufeff]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

test('whatever text stands in fields comes out as it was', async () => {
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 20 }))
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom('\n', '\r\n'), async (rows, newline) => {
      const names = (rows[0] ?? ['']).map((_none, index) => `c${index}`)
      // A row of one empty field would be a blank line.
      const lines = [names, ...rows].map((row) => row.map((text) => (row.length === 1 && text === '' ? '""' : quoted(text))).join(','))
      const got = await read(lines.map((line) => `${line}${newline}`).join(''))
      const expected = rows.map((row) =>
        Object.fromEntries(row.map((text, index) => [`c${index}`, text === '' && row.length > 1 ? null : text])),
      )
      assert.deepEqual(got, expected)
    }),
    { numRuns: 150 },
  )
})

test('a file of many rows is one split, read block by block; left in the middle, it is closed', async () => {
  const path = join(folder, 'long.csv')
  writeFileSync(path, `n,text\n${Array.from({ length: 30_000 }, (_none, n) => `${n},some text\n`).join('')}`)
  const source = csv(path, { columns: { n: 'int32' } })
  const splits: Split[] = []
  for await (const split of enumerateSplits(source.input)) splits.push(split)
  assert.equal(splits.length, 1)
  const cursor = await openSource(source.input, { nextSplit: async () => splits.shift() })
  await cursor.ready()
  assert.deepEqual(cursor.next(), { n: 0 })
  assert.deepEqual(cursor.current, { file: path, offset: 'n,text\n'.length })
  cursor.next()
  assert.deepEqual(cursor.current, { file: path, offset: 'n,text\n0,some text\n'.length })
  cursor.close()
  await cursor.ready()
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  assert.ok(!open.includes(path))
  let sum = 0
  for await (const batch of readBatches(source)) for (const { n } of batch) sum += n
  assert.equal(sum, (30_000 * 29_999) / 2)
})

test('an empty field is null, one in quotes is empty', async () => {
  assert.deepEqual(await read('\ufeff"",,"x""",""\n', { header: ['a', 'b', 'c', 'd'] }), [{ a: '', b: null, c: 'x"', d: '' }])
  assert.deepEqual(await read("a§b§c\r\n''§§'§'''\r\n§''§", { delimiter: '§', quote: "'" }), [
    { a: '', b: null, c: "§'" },
    { a: null, b: '', c: null },
  ])
  const columns = { n: 'float64?', text: 'utf8?', always: 'utf8' } as const
  assert.deepEqual(await read('n,text,always\n"","",""\n,,\n', { columns }), [
    { n: null, text: '', always: '' },
    { n: null, text: null, always: '' },
  ])
})

test('a line without an end is refused as soon as it is too long', async () => {
  const message = /line 1: a row of more than 16777216 bytes/
  await assert.rejects(read('x'.repeat(17_000_000), { header: ['a'] }), { code: 'SourceLine', message })
})

test('lines end with a line feed, with a carriage return before it or not, or all of them with that alone', async () => {
  const rows = [
    { a: '1', b: '2' },
    { a: '3', b: '4' },
  ]
  assert.deepEqual(await read('a,b\n1,2\r\n3,4\n'), rows)
  assert.deepEqual(await read('a,b\r1,2\r3,4'), rows)
})

test('bad rows are left out, and nothing else; without their names no row can be read', async () => {
  const skip = { onError: 'skip' } as const
  const columns = { n: 'int32', text: 'utf8?' } as const
  const text = 'n,text\n1,a\n2\nx,b\n3,"c"d\n4,e"f\n5,"g\nh"\n6,,\n7,"i""j"\n8,"never\n9,k\n10,\n'
  assert.deepEqual(await read(text, { columns, ...skip }), [
    { n: 1, text: 'a' },
    { n: 5, text: 'g\nh' },
    { n: 7, text: 'i"j' },
    { n: 9, text: 'k' },
    { n: 10, text: null },
  ])
  await assert.rejects(read('"a"b,c\n1,2\n', skip), { code: 'SourceLine', message: /line 1/ })
  await assert.rejects(read('a,a\n1,2\n', skip), { code: 'FileColumn' })
  assert.deepEqual(await read('"a"b,c\n1,2\n', { header: ['x', 'y'], ...skip }), [{ x: '1', y: '2' }])
  assert.equal((await read(text, { columns, ...skip, maxErrors: 6 })).length, 5)
  await assert.rejects(read(text, { columns, ...skip, maxErrors: 5 }), {
    code: 'TooManyErrors',
    message: /"csv" failed for more than 5 rows .*one\.csv, line 11: a quote that is never closed/,
  })
})

test('onError of a source is fail, skip or a folder, which needs a run', async () => {
  await assert.rejects(read('a\n1\n', { onError: to.jsonl('bad/') }), {
    code: 'InvalidArgument',
    message: /onError: 'skip', or run a flow/,
  })
  assert.throws(() => csv('a.csv', { maxErrors: 3 }), { code: 'InvalidArgument', message: /^csv\(\): maxErrors .* give onError with it/ })
  const file = to.jsonl('a.jsonl')
  assert.throws(() => csv('a.csv', { onError: file }), { code: 'InvalidArgument', message: /end "a\.jsonl" with \// })
  assert.throws(() => jsonl('a.jsonl', { onError: 'drop' as 'skip' }), { code: 'InvalidArgument', message: /^jsonl\(\): onError is/ })
})
