import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { createPool, type FlowPool, flow, rows, type StallReport } from 'millrace/flow'
import { sql } from 'millrace/sql'
import { loadEngine } from '../../src/sql/engine.js'
import { temporaryFolder, useLeakOracle, writeFiles } from '../flow-run/support.js'

useLeakOracle()
const MODULE = new URL('./stages.js', import.meta.url)
const numbers = flow(MODULE).read(rows<{ n: number }>('n'))
/** Computes for hours. */
const hours = sql({
  i: 'float64',
})`select i::double i from range(1000000000000) r(i) where sin(i) > 2 * (select count(*) from ${numbers})`

/** A run that does nothing but wait for its statement. */
async function running(pool: FlowPool) {
  let begun = (): void => {}
  const statement = new Promise<void>((resolve) => {
    begun = resolve
  })
  const onStall = ({ text }: StallReport) => {
    if (text.includes('stage 1 waits for its statement')) begun()
  }
  const run = hours.run({ pool, inputs: { n: [{ n: 1 }] }, stallMs: 20, onStall, onLog: () => {} })
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
      const times: number[] = []
      for (let turn = 0; turn < (FULL ? 20 : 3); turn++) {
        const { run, rows } = await running(pool)
        const begin = performance.now()
        await run.cancel()
        times.push(performance.now() - begin)
        await assert.rejects(rows, { code: 'Cancelled' })
      }
      const median = times.sort((a, b) => a - b)[times.length >> 1]
      assert.ok(median < (FULL ? 20 : 2000), `${median} ms`)
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
