import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync } from 'node:fs'
import { before, test } from 'node:test'
import { csv, desc, type FailedRow, type Flow, flow, jsonl, type LogRecord, to } from 'millrace/flow'
import { answers, attempts, failsOnce, hangs, ranks, refusesFives, refusesTens, spinsAt } from './stages/calls.js'
import { errorOf, rowsOf, sorted, start, temporaryFolder, useWays, writeFiles } from './support.js'

const STAGES = new URL('./stages/calls.js', import.meta.url)
const ROWS = 2000
const folder = temporaryFolder()
const { ways } = useWays()
const defaultWays = ways.filter(({ options }) => options.ringBytes === undefined)

type Row = { id: number; key: string }
const ROW_LIST: Row[] = Array.from({ length: ROWS }, (_none, id) => ({ id, key: `k${id % 7}` }))
const offsets = new Map<number, number>()

before(async () => {
  const files: Record<string, string> = {}
  for (const file of [0, 1, 2, 3]) {
    let text = ''
    for (const row of ROW_LIST.filter(({ id }) => id % 4 === file)) {
      offsets.set(row.id, text.length)
      text += `${JSON.stringify({ ...row, filler: 'x'.repeat(100) })}\n`
    }
    files[`${file}.jsonl`] = text
  }
  await writeFiles(folder, files)
})

const read = (): Flow<Row> => flow(STAGES).read(jsonl<Row>(`${folder}/*.jsonl`))

test('perKey gives each key one call in order, on whatever worker it is', async () => {
  const job = read().perKey('key', { orderBy: desc('id'), params: { most: 3 } }, ranks)
  const expected = Array.from({ length: 7 }, (_none, k) =>
    ROW_LIST.filter(({ key }) => key === `k${k}`)
      .reverse()
      .slice(0, 3),
  ).flatMap((rows) => rows.map(({ id, key }, rank) => ({ id, key, rank })))
  for (const way of ways) {
    const rows = await rowsOf(job, way.options)
    assert.deepEqual(sorted(rows.map(({ id, key, rank }) => ({ id, key, rank }))), sorted(expected), way.name)
  }
})

test('mapAsync keeps the order of a sort, and gives each call the source of its row', async () => {
  for (const way of defaultWays) {
    const rows = await rowsOf(read().mapAsync(answers, { concurrency: 5 }), way.options)
    assert.equal(rows.length, ROWS)
    assert.ok(
      rows.every(({ id, offset }) => offset === offsets.get(id)),
      way.name,
    )
    const ordered = await rowsOf(read().sort('id').mapAsync(answers, { concurrency: 5 }), way.options)
    assert.deepEqual(
      ordered.map(({ id }) => id),
      ROW_LIST.map(({ id }) => id),
    )
  }
})

test('a run that is left waits for no promise of its functions', async () => {
  for (const way of defaultWays) {
    const run = start(read().mapAsync(hangs, { concurrency: 2 }), way.options)
    const rows = run.collect()
    const ended = assert.rejects(rows, { code: 'Cancelled' })
    await new Promise((resolve) => setImmediate(resolve))
    await run.cancel()
    await ended
  }
})

test('a promise that takes too long, and a loop without end, name their row', async () => {
  for (const way of defaultWays) {
    const slow = await errorOf(rowsOf(read().mapAsync(hangs, { timeoutMs: 10 }), way.options))
    assert.deepEqual([slow.code, slow.stage, typeof slow.offset], ['StageTimeout', 'hangs', 'number'], way.name)
    const spun = await errorOf(rowsOf(read().map(spinsAt, { params: { at: 40 }, timeoutMs: 500 }), way.options))
    assert.deepEqual([spun.code, spun.offset], ['StageTimeout', offsets.get(40)], way.name)
  }
})

test('failing rows are left out and counted over all workers', async () => {
  for (const way of ways) {
    const logged: LogRecord[] = []
    const run = start(read().map(refusesTens, { onError: 'skip' }), { ...way.options, onLog: (record) => logged.push(record) })
    const rows = await run.collect()
    assert.equal(rows.length, ROWS * 0.9)
    assert.equal(run.stats().rowsSkipped, ROWS * 0.1)
    assert.ok(logged.length >= 10 && logged.length <= 10 * Math.max(1, way.workers))
    assert.match((logged[0].object as { skipped: string }).skipped, /^RangeError: ten \d+$/)
    assert.ok(logged.every(({ source, level }) => source !== undefined && level === 'warn'))
  }
})

test('failing rows are written, with their errors, to a folder', async () => {
  for (const way of defaultWays) {
    const out = mkdtempSync(`${folder}/failed-`)
    const options = { onError: to.jsonl(`${out}/map/`) }
    const job = read()
      .map(refusesTens, options)
      .exchange.hash('key')
      .mapAsync(refusesFives, { onError: to.csv(`${out}/async/`) })
    const run = start(job, way.options)
    assert.equal((await run.collect()).length, ROWS * 0.8, way.name)
    assert.equal(run.stats().rowsSkipped, ROWS * 0.2)
    const written = await rowsOf(flow(STAGES).read(jsonl<FailedRow & { row: Row }>(`${out}/map/*.jsonl`)), way.options)
    assert.equal(written.length, ROWS * 0.1)
    for (const { stage, error, code, offset, row } of written) {
      assert.deepEqual([stage, error, code, offset], ['refusesTens', `RangeError: ten ${row.id}`, null, offsets.get(row.id)])
    }
    const fives = await rowsOf(flow(STAGES).read(csv(`${out}/async/*.csv`)), way.options)
    assert.equal(fives.length, ROWS * 0.1)
    assert.ok(fives.every(({ code, file, row }) => code === 'FIVE' && file === null && JSON.parse(row as string).id % 10 === 5))
    const limited = await rowsOf(
      read()
        .map(refusesTens, { onError: to.jsonl(`${out}/some/`) })
        .limit(3),
      way.options,
    )
    assert.equal(limited.length, 3)
    assert.ok(readdirSync(`${out}/some`).includes('_manifest.json'), 'what was left out until then is written')
    await errorOf(rowsOf(read().map(refusesTens, { onError: to.jsonl(`${out}/none/`), maxErrors: 5 }), way.options))
    assert.deepEqual(readdirSync(out).sort(), ['async', 'map', 'some'])
  }
})

test('more failing rows than allowed end the run, also where no worker has so many', async () => {
  for (const way of ways) {
    const allowed = (maxErrors: number) => read().map(refusesTens, { onError: 'skip', maxErrors })
    assert.equal((await rowsOf(allowed(ROWS * 0.1), way.options)).length, ROWS * 0.9)
    for (const maxErrors of [0, 10, ROWS * 0.1 - 1]) {
      assert.equal((await errorOf(rowsOf(allowed(maxErrors), way.options))).code, 'TooManyErrors', `${way.name} ${maxErrors}`)
    }
  }
})

test('a split whose function fails is gone over again, and its rows count once', async () => {
  for (const way of defaultWays) {
    const logged: LogRecord[] = []
    const job = (retries: number, times: number) =>
      flow(STAGES)
        .read(jsonl<Row>(`${folder}/*.jsonl`), { retries })
        .map(failsOnce, { params: { times }, setup: attempts })
        .groupBy('key', (a) => ({ n: a.count(), last: a.max('id') }))
    const counts = await rowsOf(job(2, 2), { ...way.options, onLog: (record) => logged.push(record) })
    assert.equal(
      counts.reduce((sum, { n }) => sum + n, 0),
      ROWS,
      way.name,
    )
    assert.ok(logged.length >= 2, 'some split was gone over twice')
    assert.ok(logged.every(({ object }) => (object as { retried: string }).retried === 'Error: not yet'))
    assert.equal((await errorOf(rowsOf(job(1, 2), way.options))).message, 'not yet')
  }
})

test('a stable order gives the same first rows however they are spread', async () => {
  for (const way of ways) {
    const first = await rowsOf(read().sort('key', { stable: true }).limit(5), way.options)
    assert.deepEqual(
      first.map(({ id }) => id),
      [0, 7, 14, 21, 28],
      way.name,
    )
  }
})

test('a broadcast gives every worker all rows', async () => {
  for (const way of ways) {
    const counts = await rowsOf(
      read()
        .exchange.broadcast()
        .groupBy('key', (a) => ({ n: a.count() })),
      way.options,
    )
    assert.equal(
      counts.reduce((sum, { n }) => sum + n, 0),
      ROWS * Math.max(1, way.workers),
    )
  }
})

const counting = { init: () => 0, step: (n: number) => n + 1, merge: (a: number, b: number) => a + b, finish: (n: number) => ({ n }) }

test('what cannot be is refused when the flow is built', () => {
  const job = read()
  for (const build of [
    () => job.map(refusesTens, { onError: 'ignore' as 'skip' }),
    () => job.map(refusesTens, { maxErrors: 3 }),
    () => job.map(refusesTens, { onError: to.jsonl('failed.jsonl') }),
    () => job.map(refusesTens, { onError: 'skip', maxErrors: -1 }),
    () => job.map(refusesTens, { timeoutMs: 0 }),
    () => job.mapBatches(() => [], { rows: 0.5 }),
    () => job.mapAsync(answers, { concurrency: 0 }),
    () => job.topPerKey('key', { orderBy: [], rows: 1 }),
    () => job.topPerKey('key', { orderBy: 'id', rows: 0 }),
    () => job.sort({ stable: true }),
    () => job.reduceBy('key', counting, { onError: 'skip' } as object),
    () => job.perKey([], { params: { most: 1 } }, ranks),
  ]) {
    assert.throws(build, { code: 'InvalidArgument' }, String(build))
  }
})
