import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type Flow, flow, type LogRecord, lines, setParams } from 'millrace/flow'
import { mutates, ownThread, prepare, sourceOf, splitOf, tell } from './stages/context.js'
import { errorOf, rowsOf, sorted, start, temporaryFolder, useWays, writeFiles } from './support.js'

const STAGES = new URL('./stages/context.js', import.meta.url)
const folder = temporaryFolder()
const { ways } = useWays()
const defaultWays = ways.filter(({ options }) => options.ringBytes === undefined)

/** So long that each file is a split of its own. */
const LINE = 'abc'.padEnd(100)

before(async () => {
  await writeFiles(folder, Object.fromEntries([0, 1, 2, 3].map((file) => [`${file}.txt`, `${`${LINE}\n`.repeat(700)}x\n`])))
})

type Told = { worker: number; thread: number; setups: number; word: string; times: number; [more: string]: unknown }

const told = (): Flow<Told> =>
  flow(STAGES)
    .read(lines(`${folder}/*.txt`))
    .map(tell, { params: { word: 'built', times: 1 }, setup: prepare }) as unknown as Flow<Told>

test('a function is told its worker, its source and that it is wanted', async () => {
  for (const way of defaultWays) {
    const rows = await rowsOf(told(), way.options)
    assert.equal(rows.length, 2804)
    for (const row of rows) {
      assert.equal(row.file, row.sameFile)
      assert.equal(row.offset, row.sameOffset)
      assert.equal(row.signal, false)
    }
    const workers = new Set(rows.map(({ worker }) => worker))
    const inLeader = rows.every(({ thread }) => thread === ownThread())
    if (way.workers === 0) assert.deepEqual([[...workers], inLeader], [[0], true])
    else assert.ok([...workers].every((worker) => worker >= 1 && worker <= way.workers) && !inLeader, way.name)
    const behind = await rowsOf(told().exchange.hash('text').map(sourceOf).groupBy('known'), way.options)
    assert.deepEqual(behind, [{ known: false }])
  }
})

test('setup runs once per worker and use, before the first row, with the params of the run', async () => {
  for (const way of defaultWays) {
    const rows = await rowsOf(told(), { ...way.options, params: { word: 'run', 'tell.times': '7' } })
    assert.ok(rows.every(({ word, times }) => word === 'run' && times === 7))
    const perThread = new Map<number, Set<number>>()
    for (const { thread, setups } of rows) perThread.set(thread, (perThread.get(thread) ?? new Set()).add(setups))
    for (const setups of perThread.values()) assert.equal(setups.size, 1, way.name)
  }
})

test('params that are unknown or of another type are errors before anything runs', () => {
  assert.throws(() => told().run({ params: { wort: 1 } }), { code: 'ParamUnknown', message: /word/ })
  assert.throws(() => told().run({ params: { times: 'many' } }), { code: 'ParamInvalid' })
})

test('a plan with other params runs as it says', async () => {
  const plan = setParams(await told().plan(), { times: '3' })
  assert.match(JSON.stringify(plan), /"times":3/)
})

test('a log reaches the leader with level, worker, stage and source, as it was when it was logged', async () => {
  for (const way of defaultWays) {
    const records: LogRecord[] = []
    const rows = await rowsOf(told(), { ...way.options, onLog: (record) => records.push(record) })
    assert.equal(records.length, rows.length)
    const warnings = records.filter(({ level }) => level === 'warn')
    assert.deepEqual(
      sorted(warnings.map(({ object, stage, source }) => ({ object, stage, source }))),
      sorted(
        [0, 1, 2, 3].map((file) => ({ object: { text: 'x' }, stage: 'tell', source: { file: `${folder}/${file}.txt`, offset: 70_700 } })),
      ),
      way.name,
    )
    assert.ok(records.every(({ worker }) => (way.workers === 0 ? worker === 0 : worker >= 1 && worker <= way.workers)))
    const values: unknown[] = []
    const job = flow(STAGES)
      .read(lines(`${folder}/0.txt`))
      .limit(5)
      .map(mutates)
    await rowsOf(job, { ...way.options, onLog: ({ object }) => values.push((object as { value: unknown }).value) })
    assert.deepEqual(values, Array(5).fill(LINE))
  }
})

test('the counts of a run are right at its end, and grow while it runs', async () => {
  for (const way of ways) {
    const run = start(told(), way.options)
    assert.deepEqual([run.stats().rowsIn, run.stats().rowsOut, run.stats().elapsedMs], [0, 0, 0])
    let rows = 0
    let live = 0
    let last = 0
    for await (const batch of run.batches()) {
      rows += batch.length
      const stats = run.stats()
      assert.equal(stats.rowsOut, rows)
      assert.ok(stats.rowsIn >= last)
      last = stats.rowsIn
      if (stats.rowsIn > 0 && stats.rowsIn <= 2804) live++
    }
    const { workers, rowsIn, bytesIn, rowsOut, elapsedMs, sentBytes } = run.stats()
    assert.deepEqual([workers, rowsIn, rowsOut, bytesIn], [way.workers, 2804, 2804, 4 * 70_702], way.name)
    assert.ok(live > 0, `${way.name}: never told while it ran`)
    assert.ok(elapsedMs > 0)
    const toLeader = Object.values(sentBytes).reduce((sum, receivers) => sum + (receivers[0] ?? 0), 0)
    assert.ok(toLeader > 2804, way.name)
    assert.deepEqual(run.stats(), run.stats())
  }
})

test('the counts of a run that fails before it reads are those of nothing', async () => {
  const run = start(flow(STAGES).read(lines(`${folder}/none.txt`)), defaultWays[0]!.options)
  await errorOf(run.collect())
  assert.deepEqual([run.stats().rowsIn, run.stats().rowsOut], [0, 0])
})

test('a function is told the same split of a row at every run', async () => {
  await writeFiles(folder, { 'long/a.txt': `${LINE}\n`.repeat(25_000), 'long/b.txt': 'x\ny\n' })
  const splits = new Map<string, string>()
  for (const way of defaultWays) {
    const job = flow(STAGES)
      .read(lines(`${folder}/long/*.txt`))
      .map(splitOf)
    const rows = await rowsOf(job, way.options)
    assert.equal(rows.length, 25_002)
    for (const { split, file, offset } of rows) {
      const place = `${file}:${offset}`
      assert.equal(splits.get(place) ?? split, split, way.name)
      splits.set(place, split as string)
    }
    const ids = new Set(splits.values())
    assert.ok(ids.has(`${folder}/long/a.txt:0`) && ids.has(`${folder}/long/b.txt:0`) && ids.size > 2, [...ids].join())
    const behind = await rowsOf(job.exchange.hash('file').map(splitOf).groupBy('split'), way.options)
    assert.deepEqual(behind, [{ split: null }])
  }
})
