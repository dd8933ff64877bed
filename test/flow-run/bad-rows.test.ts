import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync } from 'node:fs'
import { before, test } from 'node:test'
import { csv, type FailedRow, type Flow, flow, jsonl, type LogRecord, to } from 'millrace/flow'
import { even } from './stages/resuming.js'
import { errorOf, rowsOf, sorted, start, temporaryFolder, useWays, writeFiles } from './support.js'

const STAGES = new URL('./stages/resuming.js', import.meta.url)
const FILES = 4
const PER_FILE = 500
const ROWS = FILES * PER_FILE

const folder = temporaryFolder()
const { ways } = useWays()

/** Every tenth row is bad, each in another way. */
const BAD_CSV = ['1,2,3', '7', '"a"b,1', 'x,1', '5,"never closed', '6,a"quote', ',1']
const BAD_JSON = ['{"id":', '[1]', 'null', '7', 'word']
const isBad = (id: number): boolean => id % 10 === 3
const GOOD = Array.from({ length: ROWS }, (_none, id) => id).filter((id) => !isBad(id))
const BAD = ROWS - GOOD.length

before(async () => {
  const files = Array.from({ length: FILES }, (_none, file) => Array.from({ length: PER_FILE }, (_row, at) => file * PER_FILE + at))
  const csvLine = (id: number): string => (isBad(id) ? (BAD_CSV[((id / 10) % BAD_CSV.length) | 0] as string) : `${id},"text, ${id}"`)
  const jsonLine = (id: number): string =>
    isBad(id) ? (BAD_JSON[((id / 10) % BAD_JSON.length) | 0] as string) : `{"id":${id},"text":"text"}`
  const linesOf = (ids: number[], line: (id: number) => string): string => ids.map((id) => `${line(id)}\n`).join('')
  await writeFiles(
    folder,
    Object.fromEntries(
      files.flatMap((ids, file) => [
        [`${file}.csv`, `id,text\n${linesOf(ids, csvLine)}`],
        [`${file}.jsonl`, linesOf(ids, jsonLine)],
      ]),
    ),
  )
})

const COLUMNS = { id: 'int32', text: 'utf8?' } as const
type Options = Parameters<typeof jsonl>[1]
type Row = { id: number; text: string | null }
type Read = (options?: Options) => Flow<Row>
const readCsv: Read = (options = {}) => flow(STAGES).read(csv(`${folder}/*.csv`, { columns: COLUMNS, ...options }))
const readJson: Read = (options = {}) => flow(STAGES).read(jsonl<Row>(`${folder}/*.jsonl`, options))

const ids = (rows: readonly { id: number }[]): number[] => rows.map(({ id }) => id).sort((a, b) => a - b)

for (const [kind, read, code] of [
  ['csv', readCsv, /SourceLine|FileColumn/],
  ['jsonl', readJson, /SourceLine/],
] as const) {
  test(`${kind}: bad rows that are left out are counted, and the first of each worker are logged`, async () => {
    for (const way of ways) {
      const logged: LogRecord[] = []
      const run = start(read({ onError: 'skip' }), { ...way.options, onLog: (record) => logged.push(record) })
      assert.deepEqual(ids(await run.collect()), GOOD, way.name)
      assert.equal(run.stats().rowsSkipped, BAD)
      assert.equal(run.stats().rowsIn, GOOD.length)
      assert.ok(logged.length >= 10 && logged.length <= 10 * Math.max(1, way.workers))
      for (const { level, stage, object, source } of logged) {
        assert.deepEqual([level, stage], ['warn', kind])
        assert.match((object as { skipped: string }).skipped, new RegExp(`\\.${kind}, (line|byte) \\d+: `))
        assert.match(source?.file ?? '', new RegExp(`\\.${kind}$`))
      }
    }
  })

  test(`${kind}: and written with file, byte and error, where that is asked for`, async () => {
    for (const way of ways.slice(0, 2)) {
      const out = mkdtempSync(`${folder}/out-`)
      const rows = await rowsOf(read({ onError: to.jsonl(`${out}/bad/`) }), way.options)
      assert.deepEqual(ids(rows), GOOD)
      const failed = await rowsOf(flow(STAGES).read(jsonl<FailedRow>(`${out}/bad/*.jsonl`)), way.options)
      assert.equal(failed.length, BAD)
      assert.ok(failed.every((row) => row.stage === kind && code.test(row.code ?? '') && row.file?.endsWith(kind)))
      assert.equal(new Set(failed.map(({ file, offset }) => `${file} ${offset}`)).size, BAD)
      const errors = failed.map(({ error }) => error.replace(/^.*?(line|byte) \d+: /, ''))
      const given = failed.map(({ row }) => JSON.stringify(row))
      const some =
        kind === 'csv'
          ? [
              'a row of 3 fields where 2 are named',
              'a quote in the midst of a field',
              'text behind a closing quote',
              'column "id" is "x", which is no int32',
            ]
          : ['a line must be a JSON object, this is an array', 'a line must be a JSON object, this is null']
      for (const error of some) assert.ok(errors.includes(error), error)
      for (const row of kind === 'csv' ? ['{"fields":["1","2","3"]}', 'null'] : ['{"text":"[1]"}', '{"text":"word"}'])
        assert.ok(given.includes(row), row)
    }
  })

  test(`${kind}: more of them than allowed end the run, whoever read them; without onError the first does`, async () => {
    for (const way of ways) {
      assert.equal((await rowsOf(read({ onError: 'skip', maxErrors: BAD }), way.options)).length, GOOD.length)
      const error = await errorOf(rowsOf(read({ onError: 'skip', maxErrors: BAD - 1 }), way.options))
      assert.equal((error as { code?: string }).code, 'TooManyErrors', way.name)
      assert.match(String(error), new RegExp(`stage "${kind}" failed for more than ${BAD - 1} rows`))
      assert.match(String((await errorOf(rowsOf(read(), way.options))) as { code?: string }), code)
    }
  })
}

test('they are left out beside retries, in front of a limit, in a join, and where a run is gone on with', async () => {
  for (const way of ways.slice(0, 2)) {
    const out = mkdtempSync(`${folder}/out-`)
    const source = csv(`${folder}/*.csv`, { columns: COLUMNS, onError: to.csv(`${out}/bad/`) })
    const retried = flow(STAGES).read(source, { retries: 2 }).filter(even)
    assert.equal((await rowsOf(retried, way.options)).length, GOOD.filter((id) => id % 2 === 0).length)
    assert.equal((await rowsOf(readJson({ onError: to.jsonl(`${out}/some/`) }).limit(7), way.options)).length, 7)
    const joined = readCsv({ onError: 'skip' }).join(readJson({ onError: 'skip' }), { on: 'id', kind: 'semi' })
    const run = start(joined, way.options)
    assert.deepEqual(ids(await run.collect()), GOOD)
    assert.equal(run.stats().rowsSkipped, 2 * BAD)
    await rowsOf(readCsv({ onError: 'skip' }).write(to.jsonl(`${out}/all/`, { resume: true })), way.options)
    assert.equal(readdirSync(`${out}/all`).filter((name) => name.startsWith('.')).length, 0)
    assert.deepEqual(ids(await rowsOf(flow(STAGES).read(jsonl<{ id: number }>(`${out}/all/*.jsonl`)), way.options)), GOOD)
    await assert.rejects(
      readCsv({ onError: to.jsonl('bad/') })
        .write(to.jsonl('out/', { resume: true }))
        .plan(),
      {
        code: 'InvalidArgument',
        message: /writes rows that it cannot read/,
      },
    )
  }
})

test('the plan says what is done with them', async () => {
  const job = readCsv({ onError: to.jsonl('bad/'), maxErrors: 3 }).union(readJson({ onError: 'skip' }))
  const text = await job.explain()
  assert.match(text, /read csv .*\{ id: int32, text: utf8\? \} \(writes failing rows to bad\/, at most 3\)\n/)
  assert.match(text, /read jsonl .* \(leaves failing rows out\)\n/)
  const plan = await job.plan()
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan)
  const inputs = sorted(plan.stages.map(({ input }) => ('onError' in input ? typeof input.onError : 'none')))
  assert.deepEqual(inputs, ['none', 'object', 'string'])
})
