import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import test from 'node:test'
import { createPool, type Flow, flow, rows } from 'millrace/flow'
import { sql } from 'millrace/sql'
import { useLeakOracle } from '../flow-run/support.js'

useLeakOracle()
const MODULE = new URL('./stages.js', import.meta.url)
const ROWS = 9000
const numbers = flow(MODULE).read(rows<{ n: number }>('n'))

/** Texts of 0 to 40 chars, some of them not of ASCII. */
const textOf = (i: number): string => `${i % 7 === 0 ? 'ü' : ''}${'abcdefghij'.repeat(4).slice(0, i % 40)}`
/** What a dictionary gives: few values, again and again. */
const WORDS = ['a', 'a longer word of one kind', 'and one more that is longer than twelve', '']

const alone = <R>(job: Flow<R>) => job.run({ workers: 0 }).collect()

test('texts and bytes of any length come out whole, in order, among nulls', async () => {
  const source = sql({ t: 'utf8', n: 'utf8?', w: 'utf8', b: 'binary?' })`
    select t, n, w, b from (select i,
      case when i % 7 = 0 then 'ü' else '' end || substr(repeat('abcdefghij', 4), 1, (i % 40)::int) t,
      case when i % 3 > 0 then t end n, ${WORDS}[1 + i % 4] w, case when i % 5 > 0 then encode(t) end b from range(9000) r(i)) order by i`
  const expected = Array.from({ length: ROWS }, (_none, i) => ({
    t: textOf(i),
    n: i % 3 > 0 ? textOf(i) : null,
    w: WORDS[i % 4],
    b: i % 5 > 0 ? new Uint8Array(Buffer.from(textOf(i))) : null,
  }))
  assert.deepEqual(await alone(flow(MODULE).read(source)), expected)
})

test('numbers, times and booleans, with nulls among them and without', async () => {
  const spec = {
    f: 'float64',
    i: 'int32',
    wide: 'float64',
    small: 'float64',
    b: 'int64?',
    n: 'float64?',
    t: 'timestamp',
    d: 'timestamp?',
    o: 'boolean?',
  } as const
  const source = sql(spec)`select i / 8.0::double f, (i - 4500)::int i, i - 4500 wide, (i % 100)::tinyint small,
      case when i % 3 > 0 then (i - 4500) * 1099511627776 end b, case when i % 3 > 0 then i::int end n,
      make_timestamp((i - 4500) * 1234567891) t, case when i % 2 = 0 then date '1969-12-25' + i::int end d, case when i % 4 > 0 then i % 3 = 0 end o
    from range(${BigInt(ROWS)}) r(i) order by i`
  const expected = Array.from({ length: ROWS }, (_none, i) => ({
    f: i / 8,
    i: i - 4500,
    wide: i - 4500,
    small: i % 100,
    b: i % 3 > 0 ? BigInt(i - 4500) * 2n ** 40n : null,
    n: i % 3 > 0 ? i : null,
    t: new Date(Math.floor(((i - 4500) * 1_234_567_891) / 1000)),
    d: i % 2 === 0 ? new Date(Date.UTC(1969, 11, 25 + i)) : null,
    o: i % 4 > 0 ? i % 3 === 0 : null,
  }))
  assert.deepEqual(await alone(flow(MODULE).read(source)), expected)
})

test('times that no Date can hold, and those far from now', async () => {
  const at = (text: string) => flow(MODULE).read(sql({ t: 'timestamp' })([`select ${text} t`] as unknown as TemplateStringsArray))
  assert.deepEqual(await alone(at(`timestamp '9999-12-31 23:59:59.999999'`)), [{ t: new Date('9999-12-31T23:59:59.999Z') }])
  for (const text of [`'infinity'::timestamp`, `'infinity'::date`, `timestamp '290000-01-01'`])
    await assert.rejects(alone(at(text)), { code: 'SqlColumn', message: /column "t" is / })
})

test('one statement after the other in a worker: nothing of one is there for the next', async () => {
  const pool = createPool({ workers: 1 })
  try {
    const job = sql({ n: 'float64', c: 'float64' })`select count(*) n, count(distinct n) c from ${numbers}`
    for (const count of [10, 3000, 1]) {
      const n = Array.from({ length: count }, (_none, index) => ({ n: index }))
      assert.deepEqual(await job.run({ pool, inputs: { n } }).collect(), [{ n: count, c: count }])
    }
    const source = (text: string) => flow(MODULE).read(sql({ n: 'float64' })([text] as unknown as TemplateStringsArray))
    await assert.rejects(source('select n from flow1').run({ pool }).collect(), { code: 'SqlFailed', message: /flow1 does not exist/ })
    const large = source('select count(*) n from (select distinct i from range(3000000) r(i))')
    const least = { pool, memoryBytes: 65_536 }
    await assert.rejects(large.run({ ...least, spill: false }).collect(), { code: 'SqlFailed', message: /Out of Memory/ })
    for (const options of [least, { pool }, least]) assert.deepEqual(await large.run(options).collect(), [{ n: 3_000_000 }])
  } finally {
    await pool.close()
  }
})

test('texts and bytes of any length go into a table, with nulls, in batches of all sizes', async () => {
  const bytesOf = (i: number): Uint8Array => new Uint8Array(i % 30).fill(i)
  const row = (i: number) => ({ n: i, t: textOf(i), s: i % 3 > 0 ? textOf(i) : null, b: i % 5 > 0 ? bytesOf(i) : null, o: i % 2 === 0 })
  const inputs = { n: Array.from({ length: ROWS }, (_none, i) => row(i)) }
  const job = sql({ n: 'float64', t: 'utf8', s: 'utf8?', b: 'binary?', o: 'boolean' })`select * from ${numbers} order by n`
  assert.deepEqual(await job.run({ workers: 0, inputs }).collect(), inputs.n)
  const sums = sql({ chars: 'float64', bytes: 'float64', nulls: 'float64', alike: 'float64' })`
    select sum(length(t)) chars, sum(octet_length(b)) as bytes, count(*) - count(s) as nulls, count_if(s = t) alike from ${numbers.exchange.hash('n')}`
  const found = await sums.run({ workers: 2, inputs }).collect()
  const total = (of: (row: Readonly<(typeof found)[number]>) => number): number => found.reduce((sum, part) => sum + of(part), 0)
  assert.deepEqual(
    [total(({ chars }) => chars), total(({ bytes }) => bytes), total(({ nulls }) => nulls), total(({ alike }) => alike)],
    [inputs.n.reduce((sum, { t }) => sum + t.length, 0), inputs.n.reduce((sum, { b }) => sum + (b?.length ?? 0), 0), 3000, 6000],
  )
})

test('more rows than a row group go through a table, and a block by block from one statement into the next', async () => {
  const source = flow(MODULE).read(sql({ i: 'int64', t: 'utf8?', day: 'timestamp' })`
    select i, case when i % 9 > 0 then 'text number ' || i end t, timestamp '1969-01-01' + interval (i) minute as day from range(${300_000n}) r(i)`)
  const job = sql({ n: 'int64', total: 'int64', texts: 'int64', chars: 'int64', first: 'timestamp', last: 'timestamp', alike: 'int64' })`
    select count(*) n, sum(i)::bigint total, count(t) texts, sum(length(t))::bigint chars, min(day) as first, max(day) as last,
      count_if(t = 'text number ' || i and day = timestamp '1969-01-01' + interval (i) minute) alike from ${source}`
  const texts = Array.from({ length: 300_000 }, (_none, i) => (i % 9 > 0 ? `text number ${i}` : ''))
  const alike = BigInt(texts.filter((each) => each !== '').length)
  assert.deepEqual(await alone(job), [
    {
      n: 300_000n,
      total: 44_999_850_000n,
      texts: alike,
      chars: BigInt(texts.reduce((sum, { length }) => sum + length, 0)),
      first: new Date('1969-01-01T00:00:00Z'),
      last: new Date(Date.UTC(1969, 0, 1, 0, 299_999)),
      alike,
    },
  ])
})
