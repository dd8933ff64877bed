import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Flow, flow, jsonl, type Plan, rows, type Sink, to } from '../../src/flow.js'
import { shout } from './stages.js'

type Row = { word: string; n: number }

const start = flow('file:///stages.js')
const read = (): Flow<Row> => start.read(jsonl<Row>('in.jsonl'))
const tee = (): Flow<Row> => read().tee(to.jsonl('a.jsonl'))

async function shape(job: { plan(): Promise<Plan> }): Promise<string[]> {
  const { stages } = await job.plan()
  return stages.map(({ on, operators, output }) => `${on}: ${operators.map(({ op }) => op).join(' ')} > ${output.exchange}`)
}

describe('where a sink writes', () => {
  test('one file: where its rows come together', async () => {
    assert.deepEqual(await shape(read().write(to.jsonl('a.jsonl'))), ['all:  > gather', 'one: write > gather'])
    assert.deepEqual(await shape(read().exchange.gather().write(to.jsonl('a.jsonl'))), ['all:  > gather', 'one: write > gather'])
    assert.deepEqual(await shape(read().sort('n').write(to.jsonl('a.jsonl'))), ['all: sort > merge', 'one: write > gather'])
  })

  test('a folder: where the rows are, and after a sort in its order', async () => {
    assert.deepEqual(await shape(read().write(to.jsonl('a/'))), ['all: write > gather'])
    assert.deepEqual(await shape(read().tee(to.jsonl('a/')).groupBy('word')), ['all: tee groupPartial > hash', 'all: groupFinal > gather'])
    assert.deepEqual(await shape(read().sort('n').write(to.jsonl('a/'))), ['all: sort > merge', 'one: write > gather'])
  })

  test('is plain JSON in the plan, and a line of its text', async () => {
    const options = { rowsPerPart: 10, bytesPerPart: 20, overwrite: true } as const
    const job = tee().write(to.csv('b/', { columns: ['n', 'word'], delimiter: ';', ...options }))
    const plan = await job.plan()
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan)
    assert.deepEqual(plan.stages[1]?.operators[1], {
      op: 'write',
      sink: { kind: 'csv', path: 'b/', parts: { rows: 10, bytes: 20, overwrite: true }, columns: ['n', 'word'], delimiter: ';' },
    })
    const text = await job.explain()
    const parquet = read().write(to.parquet('b/', { columns: { n: 'int32', word: 'utf8?' }, compression: 'uncompressed', rowGroupRows: 5 }))
    assert.deepEqual((await parquet.plan()).stages[0]?.operators[0], {
      op: 'write',
      sink: {
        kind: 'parquet',
        path: 'b/',
        parts: { overwrite: false },
        columns: [
          { column: 'n', type: 'int32', nullable: false },
          { column: 'word', type: 'utf8', nullable: true },
        ],
        compression: 'uncompressed',
        rowGroupRows: 5,
      },
    })
    assert.match(await parquet.explain(), /\n {2}write parquet b\/ \{ n: int32, word: utf8\? \}\n/)
    assert.match(text, /\n {2}tee jsonl a\.jsonl\n {2}write csv b\/ \{ n, word \} \(10 rows a part, 20 bytes a part, replaces parts\)\n/)
  })
})

describe('a sink with resume', () => {
  const out = to.jsonl('out/', { resume: true })

  test('says so in the plan and its text', async () => {
    const job = read().write(to.csv('out/', { resume: { everyMs: 5 } }))
    assert.deepEqual((await job.plan()).stages[0]?.operators[0], {
      op: 'write',
      sink: { kind: 'csv', path: 'out/', parts: { overwrite: false, resume: { everyMs: 5 } }, delimiter: ',' },
    })
    const columns = read()
      .mapColumns(shout as never)
      .write(out)
    assert.equal((await columns.plan()).stages.length, 1)
    assert.match(await job.explain(), /write csv out\/ \(can be resumed\)/)
    const [stage] = (await read().map(shout).write(out).plan()).stages
    assert.deepEqual(stage?.operators[1], { op: 'write', sink: out.sink })
    assert.deepEqual(out.sink.parts, { overwrite: false, resume: { everyMs: 60_000 } })
    assert.deepEqual(to.jsonl('out/', { resume: false }).sink, to.jsonl('out/').sink)
  })

  test('is a folder, and nothing stands between it and the files but functions of rows', async () => {
    assert.throws(() => to.jsonl('out.jsonl', { resume: true }), /resume is for a folder of parts/)
    assert.throws(() => to.jsonl('out/', { resume: { everyMs: -1 } }), /to\.jsonl\(\) resume\.everyMs/)
    const odd: [{ plan(): Promise<Plan> }, RegExp][] = [
      [read().tee(out), /ends with tee/],
      [read().tee(to.jsonl('a/')).write(out), /has tee/],
      [
        read()
          .write(out)
          .map(shout as never),
        /has write/,
      ],
      [read().groupBy('word').write(out), /moves rows between workers/],
      [read().sort('n').write(out), /moves rows between workers/],
      [read().limit(5).write(out), /moves rows between workers/],
      [read().exchange.gather().write(out), /moves rows between workers/],
      [read().union(read()).write(out), /moves rows between workers/],
      [read().join(read(), { on: 'word', kind: 'semi', exchange: 'broadcast' }).write(out), /moves rows between workers/],
      [start.read(rows<Row>('given')).write(out), /reads rows\(\)/],
      [start.read({ input: { kind: 'sql', text: 'select 1 as n', values: [], columns: [] } }).write(out), /has sql/],
      [
        read()
          .map(shout, { onError: to.jsonl('failed/') })
          .write(out),
        /writes rows for which shout fails/,
      ],
      [read().map(shout, { onError: out }), /writes rows for which shout fails/],
    ]
    for (const [job, problem] of odd) {
      await assert.rejects(job.plan(), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'InvalidArgument')
        assert.match(error.message, /^out\/ has resume: /)
        assert.match(error.message, problem)
        assert.match(error.message, /leave resume out/)
        return true
      })
    }
  })
})

describe('a limit behind a sink', () => {
  const refused: Record<string, () => unknown> = {
    'at once': () => tee().limit(1),
    'behind a write': () => read().write(to.jsonl('a.jsonl')).limit(1),
    'behind functions': () => tee().map(shout).limit(1),
    'behind a distinct': () => tee().distinct().limit(1),
    'behind an exchange that ends the order': () => tee().sort('n').exchange.hash('n').limit(1),
    'behind a second sink': () => read().groupBy('word').tee(to.jsonl('a.jsonl')).limit(1),
    'behind a sort before the sink': () => read().sort('n').tee(to.jsonl('a.jsonl')).limit(1),
    'behind a union with one': () => read().union(tee()).limit(1),
    'behind a union with one that is sorted in vain': () => read().union(tee().sort('n')).limit(1),
    'behind a join': () => tee().join(read(), { on: 'n', kind: 'semi' }).limit(1),
  }
  for (const [where, build] of Object.entries(refused)) {
    test(`is refused ${where}`, () => {
      assert.throws(build, {
        code: 'InvalidArgument',
        message:
          /^operator \d \(limit\): would stop the rows before all of them are written to a\.jsonl: put it in front, or write in a flow of its own$/,
      })
    })
  }

  test('is allowed where all rows are read before it, and in front', () => {
    tee().groupBy('word').limit(1)
    tee().distinct('word').limit(1)
    tee()
      .reduceBy('word', {
        init: () => 0,
        step: (sum: number, row: Row) => sum + row.n,
        merge: (a, b) => a + b,
        finish: (n: number) => ({ n }),
      })
      .limit(1)
    tee().topPerKey('word', { rows: 1, orderBy: 'n' }).limit(1)
    tee().sort('n').limit(1)
    tee().sort('n').map(shout).limit(1)
    tee().sort('n').limit(5).exchange.hash('n').limit(1)
    read().limit(1).tee(to.jsonl('a.jsonl'))
    read().join(tee(), { on: 'n', kind: 'semi' }).limit(1)
    read()
      .union(tee().groupBy('word') as unknown as Flow<Row>)
      .limit(1)
  })
})

test('options that cannot be meant are refused', () => {
  const bad: [() => unknown, RegExp][] = [
    [() => to.jsonl(''), /to\.jsonl\(\) takes a path, got ""/],
    [() => to.jsonl(7 as never), /takes a path, got 7/],
    [() => to.jsonl('a.jsonl', { rowsPerPart: 1 }), /rowsPerPart is for a folder of parts: end "a\.jsonl" with \/ to write one/],
    [() => to.csv('a.csv', { overwrite: true }), /to\.csv\(\): overwrite is for a folder/],
    [() => to.jsonl('a/', { rowsPerPart: 0 }), /rowsPerPart must be an integer from 1/],
    [() => to.jsonl('a/', { bytesPerPart: 0.5 }), /bytesPerPart must be an integer from 1/],
    [() => to.csv('a/', { delimiter: '"' }), /delimiter is one character/],
    [() => to.csv('a/', { delimiter: '::' }), /delimiter is one character/],
    [() => to.csv('a/', { columns: [] }), /name at least one column/],
    [() => to.csv<Row>('a/', { columns: ['n', 'n'] }), /named twice/],
    [() => to.parquet('a/', { compression: 'zip' as never }), /compression is 'snappy' or 'uncompressed', got "zip"/],
    [() => to.parquet('a/', { rowGroupRows: 0 }), /rowGroupRows must be an integer from 1/],
    [() => to.parquet('a/', { columns: {} }), /to\.parquet\(\): columns is empty/],
    [() => to.parquet<Row>('a/', { columns: { n: 'int16' as never } }), /unknown type "int16"/],
    [() => read().write(undefined as never), /operator 1 \(write\): takes to\./],
    [() => read().tee('a.jsonl' as never), /operator 1 \(tee\): takes to\./],
  ]
  for (const [build, message] of bad) assert.throws(build, { code: 'InvalidArgument', message })
})

test('a sink of other rows does not compile', () => {
  const csv: Sink<Row> = to.csv('a.csv', { columns: ['n'] })
  read().write(csv)
  // @ts-expect-error: the rows have no such column
  read().write(to.csv('a.csv', { columns: ['m'] }))
  // @ts-expect-error: the rows have no such column
  read().write(to.parquet('a.parquet', { columns: { m: 'float64' } }))
  // @ts-expect-error: these rows have no word
  read().groupBy('n').tee(csv)
})
