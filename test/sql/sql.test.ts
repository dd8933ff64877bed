import assert from 'node:assert/strict'
import test from 'node:test'
import { type Flow, flow, rows, runAll } from 'millrace/flow'
import { ident, sql, table } from 'millrace/sql'
import { useWays } from '../flow-run/support.js'
import { emptyObject, everything, failing, late, same, widen } from './stages.js'

const FULL = process.env.MILLRACE_FULL === '1'
const { ways } = useWays(FULL ? [0, 2] : [2])
const MODULE = new URL('./stages.js', import.meta.url)
const numbers = (name = 'n'): Flow<{ n: number }> => flow(MODULE).read(rows<{ n: number }>(name))
const upTo = (count: number, from = 0) => Array.from({ length: count }, (_none, index) => ({ n: from + index }))

for (const way of ways) {
  const run = <R>(job: Flow<R>, n: object[] = upTo(5000), more: Record<string, object[]> = {}) =>
    job.run({ ...way.options, inputs: { n, ...more } as Record<string, Iterable<object>> })

  test(`a statement over all rows of a flow, with bound values; ${way.name}`, async () => {
    const least = 10
    const name = 'twice'
    const job = sql({ k: 'int32', total: 'int64', n: 'float64' })`
      select (n % 3)::int k, sum(${ident(name)}::bigint) total, count(*) n from ${numbers().map(widen)} where n >= ${least} group by k order by k`
    const expected = [0, 1, 2].map((k) => {
      const of = upTo(5000).filter(({ n }) => n >= 10 && n % 3 === k)
      return { k, total: BigInt(of.reduce((sum, { n }) => sum + 2 * n, 0)), n: of.length }
    })
    assert.deepEqual(await run(job).collect(), expected)
  })

  test(`all that a batch can hold goes in and comes out; ${way.name}`, async () => {
    const spec = {
      n: 'float64',
      b: 'boolean?',
      f: 'float64?',
      i: 'int64?',
      t: 'utf8?',
      d: 'timestamp?',
      y: 'binary?',
      l: 'list?',
      s: 'struct?',
    } as const
    const job = sql(spec)`select * from ${numbers().map(everything)} order by n`
    const expected = upTo(5000).map((row) => {
      const { none: _none, ...rest } = everything(row)
      return rest
    })
    assert.deepEqual(await run(job).collect(), expected)
  })

  test(`beside other flows in one run, over what they share, with rows or without; ${way.name}`, async () => {
    const shared = numbers().map(widen).exchange.gather()
    const sum = sql({
      n: 'float64',
      total: 'float64?',
    })`select count(*)::double n, sum(twice) total from ${table(shared, { n: 'float64', twice: 'float64' })}`
    for (const count of [5000, 0]) {
      const jobs = [sum, shared, sum.map(same)] as const
      const [totals, all, again] = await runAll(jobs, { ...way.options, inputs: { n: upTo(count) } }).collect()
      assert.deepEqual(totals, [{ n: count, total: count === 0 ? null : count * (count - 1) }])
      assert.deepEqual([all.length, again], [count, totals])
    }
  })

  test(`flows that part right behind an exchange, of which a worker has no row; ${way.name}`, async () => {
    const spread = numbers().map(widen).exchange.hash('n')
    const each = sql({ n: 'float64', sum: 'float64?' })`select count(*) n, sum(twice) sum from ${spread}`
    const [counts, rows] = await runAll([each, spread], { ...way.options, inputs: { n: [{ n: 3 }] } }).collect()
    assert.equal(
      counts.reduce((sum, { n }) => sum + n, 0),
      1,
    )
    assert.deepEqual(rows, [{ n: 3, twice: 6 }])
  })

  test(`columns, and fields in them, that come late; ${way.name}`, async () => {
    const job = sql({ n: 'float64', x: 'utf8?', s: 'struct', more: 'int64?' })`select * from ${numbers().map(late)} order by n`
    const given = await run(job).collect()
    assert.equal(given.length, 5000)
    assert.deepEqual(given[0], { n: 0, x: null, s: { a: 0, l: [], b: null }, more: null })
    assert.deepEqual(given[4999], { n: 4999, x: 'x4999', s: { a: 4999, b: 'b', l: [{ q: 4999 }] }, more: 4999n })
  })

  test(`in every worker behind exchanges, with a table that all have, and a table twice; ${way.name}`, async () => {
    const names = flow(MODULE).read(rows<{ k: number; name: string }>('names')).exchange.broadcast()
    const keyed = sql({ n: 'float64', k: 'float64' })`select n, (n % 5)::double k from ${numbers()}`.exchange.hash('k')
    const job = sql({ name: 'utf8', rows: 'float64' })`
      select name, count(*) as rows from ${keyed} join ${names} using (k) where k in (select k from ${names}) group by name`
    const found = await run(job.sort('name'), upTo(1000), { names: [0, 1, 2, 3].map((k) => ({ k, name: `name${k}` })) }).collect()
    assert.deepEqual(
      found,
      [0, 1, 2, 3].map((k) => ({ name: `name${k}`, rows: 200 })),
    )
  })

  test(`a worker whose part has no row, and a flow without any; ${way.name}`, async () => {
    const one = numbers().map(widen).exchange.hash('n')
    assert.deepEqual(await run(sql({ n: 'float64', twice: 'float64' })`select * from ${one}`, [{ n: 3 }]).collect(), [{ n: 3, twice: 6 }])
    const none = table(numbers().map(widen), { twice: 'float64' })
    assert.deepEqual(await run(sql({ c: 'float64' })`select count(twice) c from ${none}`, []).collect(), [{ c: 0 }])
    const unknown = sql({ c: 'float64' })`select count(*) c from ${numbers().map(widen)}`
    await assert.rejects(run(unknown, []).collect(), { code: 'SqlColumn', message: /table flow1 gave no row/ })
    const chained = sql({
      c: 'float64',
    })`select count(n) c from ${sql({ n: 'float64' })`select n from ${table(numbers(), { n: 'float64' })}`}`
    assert.deepEqual(await run(chained, []).collect(), [{ c: 0 }])
  })

  test(`behind a limit, before a limit, and through functions; ${way.name}`, async () => {
    const few = sql({ n: 'float64' })`select n from ${numbers().limit(7)}`.map(widen).sort('n')
    assert.equal((await run(few).collect()).length, 7)
    const first = sql({ n: 'float64' })`select i::double n from range(10000000) r(i), ${numbers()} where flow1.n < 2`.limit(3)
    assert.equal((await run(first, upTo(10)).collect()).length, 3)
  })

  test(`as a source, with bound values; ${way.name}`, async () => {
    const source = sql({ i: 'int64', day: 'timestamp', tags: 'list', who: 'struct' })`
      select i, ${new Date(5)} + interval (i) day as day, ${['a', null]} tags, ${{ name: 'x', ok: true }} who from range(${3n}) r(i) order by i`
    const given = await flow(MODULE).read(source).run(way.options).collect()
    assert.deepEqual(
      given,
      [0, 1, 2].map((i) => ({ i: BigInt(i), day: new Date(5 + i * 86_400_000), tags: ['a', null], who: { name: 'x', ok: true } })),
    )
  })
}

const one = <R>(job: Flow<R>, n: object[] = upTo(10)) => job.run({ workers: 0, inputs: { n } }).collect()
const source = (text: TemplateStringsArray) => flow(MODULE).read(sql({ x: 'float64' })(text))
const alone = <R>(job: Flow<R>) => job.run({ workers: 0 }).collect()

test('a 64-bit integer, a sum of them and a decimal are numbers where they are exact, and bigints where asked for', async () => {
  const values = sql({ big: 'float64', huge: 'float64', money: 'float64', i: 'int64', h: 'int64', whole: 'int64' })`
    select 9007199254740991 big, sum(i) huge, 1.25::decimal(10,2) money, 9223372036854775807 i, -9223372036854775808::hugeint h, 7.00::decimal(10,2) whole from range(4) r(i)`
  assert.deepEqual(await alone(flow(MODULE).read(values)), [
    { big: 9007199254740991, huge: 6, money: 1.25, i: 9223372036854775807n, h: -9223372036854775808n, whole: 7n },
  ])
  await assert.rejects(alone(source`select 9007199254740992 x`), { code: 'SqlColumn', message: /column "x" is 9007199254740992 .*int64/ })
  await assert.rejects(alone(source`select 90071992547409.925::decimal(20,3) x`), { code: 'SqlColumn' })
  await assert.rejects(alone(flow(MODULE).read(sql({ x: 'int64' })`select 9223372036854775808::hugeint x`)), { code: 'SqlColumn' })
  await assert.rejects(alone(flow(MODULE).read(sql({ x: 'int64' })`select 7.5::decimal(3,1) x`)), { code: 'SqlColumn' })
  await assert.rejects(alone(flow(MODULE).read(sql({ x: 'int32' })`select 2147483648 x`)), { code: 'SqlColumn' })
})

test('a statement without tables gives all its rows, in their order, however many, whatever its columns are called', async () => {
  const made = (columns: Record<string, 'float64' | 'utf8'>, text: string) =>
    alone(flow(MODULE).read(sql(columns)([text] as unknown as TemplateStringsArray)))
  for (const count of [0, 1, 4095, 4096, 4097, 4098, 10_000]) {
    const numbersFrom = (from: number) => upTo(count).map(({ n }) => ({ n: from + n }))
    const range = `from range(${count}) r(i) order by i`
    assert.deepEqual(await made({ n: 'float64' }, `select i::double n ${range}`), numbersFrom(0))
    // Not the number that DuckDB gives every row of a table.
    assert.deepEqual(await made({ n: 'float64' }, `select (i + 4000)::double n, i + 4000 as RowId ${range}`), numbersFrom(4000))
    const words = upTo(count).map(({ n }) => ({ rowid: `w${n}` }))
    assert.deepEqual(await made({ rowid: 'utf8' }, `select 'w' || i as rowid ${range}`), words)
  }
  // Few rows from many threads, row groups and partitions.
  const scattered = [
    'select i::double n from range(5000000) r(i) where i % 50021 = 7',
    'select i::double n from range(5000000) r(i) where i % 2500 = 7',
    'select (i % 4096)::double n from range(1000000) r(i) group by all',
  ]
  for (const text of scattered) {
    const numbers = (await made({ n: 'float64' }, text)).map(({ n }) => n as number)
    const sums = await made({ count: 'float64', sum: 'float64' }, `select count(*) as "count", sum(n) as "sum" from (${text})`)
    assert.deepEqual(sums, [{ count: numbers.length, sum: numbers.reduce((sum, n) => sum + n, 0) }])
  }
  const late = "select case when i = 5000 then error('late') else 'w' end as rowid from range(10000) r(i)"
  await assert.rejects(made({ rowid: 'utf8' }, late), { code: 'SqlFailed', message: /late/ })
})

test('a result that is not what was declared', async () => {
  const refused = [
    [source`select 1 y`, /stage 0 sql: column "x" is not in the result, which has y/],
    [source`select 'a' x`, /column "x" is VARCHAR, declared float64/],
    [source`select interval 1 day x`, /column "x" is INTERVAL, which rows cannot hold/],
    [source`select 1 x, 2 x`, /column "x" is in the result more than once/],
    [source`select null::double x`, /column "x" is null in a row: declare 'float64\?'/],
    [flow(MODULE).read(sql({ x: 'list' })`select [map {1: 2}] x`), /column "x\[\]" is MAP/],
    [flow(MODULE).read(sql({ x: 'struct' })`select {a: time '10:00'} x`), /column "x[.]a" is TIME/],
  ] as const
  for (const [job, message] of refused)
    await assert.rejects(alone(job as Flow<unknown>), { code: 'SqlColumn', stage: 'stage 0 sql', message })
})

test('what DuckDB refuses comes in its own words, with stage and place', async () => {
  await assert.rejects(alone(source`select 1\nfrm x`), {
    code: 'SqlFailed',
    stage: 'stage 0 sql',
    message: /Parser Error: syntax error at or near "x".*line 2/s,
  })
  await assert.rejects(alone(source`select 1 + nope`), {
    code: 'SqlFailed',
    position: 11,
    message: /Referenced column "nope".*\n {11}\^$/s,
  })
  await assert.rejects(alone(source`select 'é', nope x`), { position: 12 })
  await assert.rejects(alone(source`select 1 x; select 2 x`), { code: 'SqlFailed', message: /multiple statements/ })
  await assert.rejects(alone(source`create table x (a int)`), { code: 'SqlFailed', message: /takes a SELECT/ })
  await assert.rejects(alone(source`select (case when i = 100000 then 'a' else '1' end)::double x from range(200000) r(i)`), {
    code: 'SqlFailed',
    message: /Conversion Error: Could not convert string 'a' to DOUBLE/,
  })
  const job = source`select count(*) x from (select distinct i from range(10000000) r(i))`
  await assert.rejects(job.run({ workers: 0, memoryBytes: 65_536, spill: false }).collect(), {
    code: 'SqlFailed',
    message: /Out of Memory Error/,
  })
})

test('an error of a function in front of a statement stays what it is', async () => {
  await assert.rejects(one(sql({ n: 'float64' })`select n from ${numbers().map(failing)}`), {
    name: 'RangeError',
    message: 'seven',
    stage: 'failing',
  })
})

test('a column that a table cannot have', async () => {
  await assert.rejects(one(sql({ n: 'float64' })`select n from ${numbers().map(emptyObject)}`), {
    code: 'SqlColumn',
    message: /column "o" is an object without fields/,
  })
  const two = sql({ n: 'float64' })`select n from ${table(numbers(), { n: 'utf8' } as never)}`
  await assert.rejects(one(two), { code: 'ColumnType', message: /column "n" is utf8 .* float64/ })
})

test('what cannot be a statement is refused when it is built', () => {
  const other = flow('file:///elsewhere.js').read(rows<{ n: number }>('m'))
  assert.throws(() => sql({ n: 'float64' })`select ${numbers()} ${other}`, { code: 'InvalidArgument', message: /give all the same module/ })
  assert.throws(() => sql({ n: 'float64' })`${numbers().exchange.hash('n')} ${numbers('m')}`, {
    code: 'InvalidArgument',
    message: /flow1 ends with exchange.hash, flow2 with none/,
  })
  assert.throws(() => sql({ n: 'float64' })`${numbers().exchange.broadcast()}`, {
    code: 'InvalidArgument',
    message: /every worker would have all rows/,
  })
  assert.throws(() => sql({})`select 1`, { code: 'InvalidArgument' })
  assert.throws(() => sql({ n: 'number' as never })`select 1`, { code: 'InvalidArgument', message: /unknown type "number"/ })
  assert.throws(() => sql({ n: 'float64' })`select ${undefined as never}`, {
    code: 'ParamInvalid',
    message: /parameter 1 of the statement is undefined/,
  })
  assert.throws(() => ident(''), { code: 'InvalidArgument' })
  assert.throws(() => table(numbers(), { n: 'list' }), { code: 'InvalidArgument' })
  assert.throws(() => flow(MODULE).read(sql({ n: 'float64' })`select 1 n`, { retries: 1 }), { code: 'InvalidArgument' })
})

test('a value is never text of the statement', async () => {
  const evil = `x"; drop table flow1; --'`
  const job = sql({ given: 'utf8', [evil]: 'float64' })`select ${evil} given, n as ${ident(evil)} from ${numbers()} where n < 1`
  assert.deepEqual(await one(job), [{ given: evil, [evil]: 0 }])
  assert.doesNotMatch(
    JSON.stringify((await job.plan()).stages.flatMap(({ operators }) => operators.map((each) => 'text' in each && each.text))),
    /given.*drop.*given/,
  )
})

test('explain says who runs a statement, and why', async () => {
  const all = sql({ n: 'float64' })`select n from ${numbers()} where n > ${5}`
  const text = await sql({ n: 'float64' })`select n from ${all.exchange.hash('n')}`.explain()
  assert.equal(
    text,
    `stage 0 on every worker
  read rows n
  gather to stage 1
stage 1 on one worker, keeps up to 3/4 of memoryBytes
  receive stage 0
  sql over flow1 (one DuckDB: what it asks for may be of all rows): select n from "flow1" where n > $1 with $1 = 5 gives { n: float64 }
  hash by n to stage 2
stage 2 on every worker, keeps up to 3/4 of memoryBytes
  receive stage 1
  sql over flow1 (a DuckDB in each worker, of what comes there): select n from "flow1" gives { n: float64 }
  gather to the leader
`,
  )
  assert.match(
    await source`select 1 x`.explain(),
    /^stage 0 on the leader .among processes, on one worker., keeps .*\n {2}sql \(one DuckDB with all threads: it spreads/,
  )
})
