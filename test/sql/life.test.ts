import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { createPool, type FlowPool, flow, rows, runAll, type StallReport } from 'millrace/flow'
import { sql } from 'millrace/sql'
import { leaks } from 'millrace/testing'
import { loadEngine } from '../../src/sql/engine.js'
import { temporaryFolder, useLeakOracle, writeFiles } from '../flow-run/support.js'

useLeakOracle()
const MODULE = new URL('./stages.js', import.meta.url)
const numbers = flow(MODULE).read(rows<{ n: number }>('n'))
/** Computes for hours, in a worker. */
const hours = sql({
  i: 'float64',
})`select i::double i from range(1000000000000) r(i) where sin(i) > 2 * (select count(*) from ${numbers})`
/** Likewise, and is all that there is. */
const alone = flow(MODULE).read(sql({ i: 'float64' })`select i::double i from range(1000000000000) r(i) where sin(i) > 2`)

/** A run that does nothing but wait for its statement, of that stage. */
async function running(pool: FlowPool, job = hours, stage = 1) {
  const inputs = job === hours ? { n: [{ n: 1 }] } : {}
  let begun = (): void => {}
  const statement = new Promise<void>((resolve) => {
    begun = resolve
  })
  const onStall = ({ text }: StallReport) => {
    if (text.includes(`stage ${stage} waits for its statement`)) begun()
  }
  const run = job.run({ pool, inputs, stallMs: 20, onStall, onLog: () => {} })
  const rows = run.collect()
  rows.catch(() => {})
  await statement
  return { run, rows }
}

const FULL = process.env.MILLRACE_FULL === '1'

for (const kind of FULL ? (['thread', 'process'] as const) : (['thread'] as const)) {
  test(`a cancel interrupts a query: ${kind}`, async () => {
    const pool = createPool({ workers: 2, kind })
    try {
      const short = flow(MODULE).read(sql({ x: 'float64' })`select 1 x`).run({ pool })
      assert.deepEqual([await short.collect(), short.stats().workers], [[{ x: 1 }], kind === 'process' ? 2 : 0])
      for (let turn = 0; turn < 3; turn++) {
        const { run, rows } = await running(pool)
        await run.cancel()
        await assert.rejects(rows, { code: 'Cancelled' })
      }
    } finally {
      await pool.close()
    }
  })
}

test('a pool that closes while a query runs ends it first', async () => {
  const pool = createPool({ workers: 1 })
  const { rows } = await running(pool)
  await Promise.all([pool.close(), assert.rejects(rows)])
})

test('a statement alone is run beside this thread: no worker is started, and it ends like any run', async () => {
  const started: unknown[] = []
  const onWorker = (worker: unknown) => started.push(worker)
  process.on('worker', onWorker)
  const job = flow(MODULE).read(sql({ i: 'float64' })`select i::double i from range(100000) r(i) order by i`)
  const run = job.run({ workers: 2 })
  const rows = await run.collect()
  process.off('worker', onWorker)
  assert.equal(rows.length, 100_000)
  assert.ok(rows.every(({ i }, index) => i === index))
  assert.deepEqual([started, run.stats().workers, run.stats().rowsOut, await leaks(run)], [[], 0, 100_000, {}])
  await assert.rejects(run.collect(), { code: 'InvalidArgument', message: /once/ })
  const left = job.run()
  for await (const { i } of left) if (i === 3) break
  assert.deepEqual(await leaks(left), {})
  await assert.rejects(job.run({ signal: AbortSignal.abort(new Error('enough')) }).collect(), { code: 'Cancelled' })
})

test('a statement alone is interrupted by a cancel, a signal, a listener that throws, and its pool', async () => {
  const pool = createPool({ workers: 1 })
  const { run, rows } = await running(pool, alone, 0)
  assert.deepEqual(await leaks(run), { '0.runs': 1 })
  await run.cancel('enough')
  await assert.rejects(rows, { code: 'Cancelled', cause: 'enough' })
  assert.deepEqual(await leaks(run), {})
  const controller = new AbortController()
  const told = alone.run({ pool, signal: controller.signal, stallMs: 20, onStall: () => controller.abort() }).collect()
  await assert.rejects(told, { code: 'Cancelled' })
  const onStall = () => {
    throw new RangeError('of the listener')
  }
  await assert.rejects(alone.run({ pool, stallMs: 20, onStall }).collect(), RangeError)
  const last = await running(pool, alone, 0)
  await Promise.all([pool.close(), assert.rejects(last.rows, { code: 'SessionEnded' })])
  await assert.rejects(alone.run({ pool }).collect(), { code: 'SessionEnded' })
  await assert.rejects(alone.run({ pool, signal: AbortSignal.abort() }).collect(), { code: 'Cancelled' })
  assert.equal(pool.closing.size, 0)
})

test('statements alone at once each have a DuckDB, and one run of several flows may be one of them', async () => {
  const folder = temporaryFolder()
  const job = (n: number) => flow(MODULE).read(sql({ n: 'float64' })`select ${n}::double + i n from range(3) r(i)`)
  const answers = await Promise.all(Array.from({ length: 6 }, (_none, n) => job(n).run({ spillFolder: folder }).collect()))
  for (const [n, rows] of answers.entries()) assert.deepEqual(rows, [{ n }, { n: n + 1 }, { n: n + 2 }])
  assert.deepEqual(readdirSync(folder), [])
  assert.deepEqual(await runAll([job(1)]).collect(), [[{ n: 1 }, { n: 2 }, { n: 3 }]])
  const several = await runAll([job(1), job(5).limit(1)], { workers: 1 }).collect()
  assert.deepEqual(several, [[{ n: 1 }, { n: 2 }, { n: 3 }], [{ n: 5 }]])
})

test('what has no room goes to the spill folder, which is empty afterwards', async () => {
  const folder = temporaryFolder()
  const job = flow(MODULE).read(
    sql({ c: 'float64' })`select count(*) c from (select i, row_number() over (order by sin(i)) r from range(1500000) t(i))`,
  )
  const options = { workers: 1, memoryBytes: 65_536, spillFolder: folder }
  await assert.rejects(job.run({ ...options, spill: false }).collect(), { code: 'SqlFailed', message: /Out of Memory Error/ })
  assert.deepEqual(await job.run(options).collect(), [{ c: 1_500_000 }])
  assert.deepEqual(readdirSync(folder), [])
})

const STATEMENTS = `import { createPool, flow, rows } from ${JSON.stringify(import.meta.resolve('millrace/flow'))}
import { sql } from ${JSON.stringify(import.meta.resolve('millrace/sql'))}
import { readdirSync } from 'node:fs'
const start = flow(${JSON.stringify(MODULE.href)})
const alone = start.read(sql({ x: 'float64' })\`select 1 x\`)
const over = sql({ n: 'float64' })\`select n from \${start.read(rows('n'))}\`
const pool = createPool({ workers: 1 })
const folders = () => readdirSync(process.env.TMPDIR).filter((name) => name.startsWith('millrace-spill-')).length
for (const spillFolder of [undefined, process.argv[2], undefined]) {
  await alone.run({ pool, spillFolder }).collect()
  await over.run({ pool, spillFolder, inputs: { n: [{ n: 1 }] } }).collect()
  console.log(folders(), readdirSync(process.argv[2]).length)
}
await pool.close()`

test('a DuckDB that is kept has one folder in that of the system, and none in one of the user; a process that ends leaves nothing', async () => {
  const [system, own] = [temporaryFolder(), temporaryFolder()]
  const folder = await writeFiles(temporaryFolder(), { 'program.mjs': STATEMENTS })
  const env = { ...process.env, TMPDIR: system }
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'program.mjs'), own], { env })
  assert.deepEqual(stdout.trim().split('\n'), ['1 0', '0 0', '1 0'])
  assert.deepEqual([readdirSync(system), readdirSync(own)], [[], []])
})

/** Node.js does as if the package were not there, in workers too. */
const HOOK = `export const resolve = (name, context, next) => {
  if (name !== '@duckdb/node-api') return next(name, context)
  throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
}`
const moduleOf = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`
const HOOKED = moduleOf(`import { register } from 'node:module'\nregister(${JSON.stringify(moduleOf(HOOK))})`)
const PROGRAM = `import { flow, rows } from ${JSON.stringify(import.meta.resolve('millrace/flow'))}
import { sql } from ${JSON.stringify(import.meta.resolve('millrace/sql'))}
const start = flow(${JSON.stringify(MODULE.href)})
const inputs = { n: [{ n: 1 }] }
const source = start.read(sql({ x: 'float64' })\`select 1 x\`)
const over = sql({ n: 'float64' })\`select n from \${start.read(rows('n'))}\`
const told = (rows) => rows.then((all) => all.length, ({ code, message }) => code + ': ' + message)
for (const workers of [0, 1]) {
  console.log(await told(source.run({ workers }).collect()))
  console.log(await told(over.run({ workers, inputs }).collect()))
  console.log(await told(start.read(rows('n')).run({ workers, inputs }).collect()))
}`

test('without the package an error says what to install, and flows without a statement run', async () => {
  const folder = await writeFiles(temporaryFolder(), { 'program.mjs': PROGRAM })
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', HOOKED, join(folder, 'program.mjs')])
  const missing = /^SqlMissing: .*sql\(\) needs the package @duckdb\/node-api, which is not installed: npm install @duckdb\/node-api$/
  const lines = stdout.trim().split('\n')
  assert.equal(lines.length, 6)
  for (const [index, line] of lines.entries()) {
    if (index % 3 === 2) assert.equal(line, '1')
    else assert.match(line, missing)
  }
})

test('a package that cannot be loaded is told from one that is not there', async () => {
  await assert.rejects(
    loadEngine(() => Promise.reject(new Error('no binary for this system'))),
    { code: 'SqlMissing', message: /cannot be loaded: no binary/ },
  )
})
