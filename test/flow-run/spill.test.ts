import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createPool, type Flow, type FlowRun, flow, lines, type RunOptions } from 'millrace/flow'
import { folderPrefix } from '../../src/exchange/spill-owner.js'
import { exits } from './stages/dying.js'
import { manyKeys, oneThenAll, slowly } from './stages/many.js'
import { errorOf, rowsOf, sorted, start, temporaryFolder, useWays, writeFiles } from './support.js'

const STAGES = new URL('./stages/many.js', import.meta.url)
const FILES = 4

const folder = temporaryFolder()
const spillFolder = join(folder, 'spilled')
const { ways } = useWays([0, 2])

before(async () => {
  mkdirSync(spillFolder)
  await writeFiles(folder, { 'long/a.txt': 'a line of some length\n'.repeat(8000), 'long/b.txt': 'another line\n'.repeat(8000) })
  await writeFiles(folder, Object.fromEntries(Array.from({ length: FILES }, (_none, file) => [`${file}.txt`, 'same\n'])))
})

const read = (): Flow<{ text: string; file: string; offset: number }> => flow(STAGES).read(lines(`${folder}/*.txt`))
const perFile = (rows: number): { params: { rows: number } } => ({ params: { rows: rows / FILES } })
/** Everything but 100 keys goes to one side, whose rows take their time, while the others wait for those keys. */
const skewed = (rows: number): Flow<{ key: string; n: number }> =>
  read()
    .flatMap(oneThenAll, perFile(rows))
    .exchange.hash('key')
    .map(slowly)
    .groupBy('key', (a) => ({ n: a.count() }))

/** The rows of a run that must have used the disk, and left nothing on it. */
async function spilledRows<R>(job: Flow<R>, options: RunOptions): Promise<R[]> {
  const run: FlowRun<R> = start(job, { ...options, spillFolder })
  const rows = await run.collect()
  assert.ok(run.stats().spilledBytes > 0, 'it used no disk')
  assert.deepEqual(readdirSync(spillFolder), [])
  return rows
}

describe('with little memory a flow gives the rows that it gives with much', () => {
  const small = 100_000

  test('a sort', async () => {
    for (const way of ways) {
      const rows = await spilledRows(read().flatMap(manyKeys, perFile(8000)).sort('text', 'key'), { ...way.options, memoryBytes: small })
      const expected = Array.from({ length: 8000 }, (_none, n) => ({ key: n >> 2, text: `some text of row ${n >> 2}` }))
      expected.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
      assert.deepEqual(rows, expected, way.name)
    }
  })

  test('a groupBy', async () => {
    for (const way of ways) {
      const job = read()
        .flatMap(manyKeys, perFile(12_000))
        .groupBy(['key', 'text'], (a) => ({ n: a.count() }))
      const rows = await spilledRows(job, { ...way.options, memoryBytes: small })
      const expected = Array.from({ length: 3000 }, (_none, key) => ({ key, text: `some text of row ${key}`, n: FILES }))
      assert.deepEqual(sorted(rows), sorted(expected), way.name)
    }
  })

  test('an exchange whose rows all go to one side while another waits for its own', async () => {
    for (const way of ways.filter(({ workers }) => workers > 1)) {
      const rows = await spilledRows(skewed(16_000), { ...way.options, memoryBytes: 40_000 })
      assert.equal(rows.length, 101)
      assert.equal(rows.find(({ key }) => key === 'same')?.n, 16_000, way.name)
    }
  })
})

describe('what goes wrong with the disk ends a run by name, and leaves nothing', () => {
  const jobs: [string, Flow<unknown>][] = [
    ['sort', read().flatMap(manyKeys, perFile(8000)).sort('text') as Flow<unknown>],
    ['groupBy', read().flatMap(manyKeys, perFile(12_000)).groupBy('key') as Flow<unknown>],
    ['rows for participant', skewed(16_000) as Flow<unknown>],
  ]
  for (const [name, job] of jobs) {
    const chosen = ways.filter(({ workers }) => (name.startsWith('rows') ? workers > 1 : true))

    test(`a folder that is missing: ${name}`, async () => {
      for (const way of chosen) {
        const missing = join(folder, 'missing')
        const error = await errorOf(rowsOf(job, { ...way.options, memoryBytes: 40_000, spillFolder: missing }))
        assert.equal(error.code, 'SpillFailed', `${way.name}: ${error.stack}`)
        assert.ok(error.message.includes(name) && error.message.startsWith('stage '), error.message)
        assert.deepEqual([error.path, error.bytes, (error.cause as NodeJS.ErrnoException).code], [missing, 0, 'ENOENT'])
      }
    })

    test(`more bytes than spillBytes: ${name}`, async () => {
      for (const way of chosen) {
        const error = await errorOf(rowsOf(job, { ...way.options, memoryBytes: 40_000, spillFolder, spillBytes: 1000 }))
        assert.equal(error.code, 'SpillBudget', `${way.name}: ${error.stack}`)
        assert.match(error.message, /more than the 1000 allowed/)
        assert.deepEqual(readdirSync(spillFolder), [])
      }
    })
  }
})

test('a run that is left, or cancelled, while rows are on disk leaves nothing open', async () => {
  for (const way of ways) {
    const job = read().flatMap(manyKeys, perFile(8000)).sort('text')
    const run = start(job, { ...way.options, memoryBytes: 40_000, spillFolder })
    for await (const _row of run) break
    assert.ok(run.stats().spilledBytes > 0)
    const other = start(skewed(16_000), { ...way.options, memoryBytes: 40_000, spillFolder })
    const rows = other.collect()
    await Promise.all([
      assert.rejects(rows, { code: 'Cancelled' }),
      start(job, { ...way.options, spillFolder })
        .collect()
        .then(() => other.cancel()),
    ])
  }
})

/** Spill files that this process holds open, where the system tells (Linux). */
function openSpillFiles(): string[] {
  const descriptors = '/proc/self/fd'
  if (!existsSync(descriptors)) return []
  const links = readdirSync(descriptors).map((name) => {
    try {
      return readlinkSync(join(descriptors, name))
    } catch {
      return '' // That of the listing itself.
    }
  })
  return links.filter((link) => link.includes('millrace-spill-'))
}

test('a worker that dies while rows are on disk takes its files with it', async () => {
  const job = flow(new URL('./stages/dying.js', import.meta.url))
    .read(lines(join(folder, 'long/*.txt')))
    .sort('text', 'offset')
  const run = start(job, { workers: 1, memoryBytes: 1, spillFolder })
  for await (const _row of run) {
    if (existsSync('/proc/self/fd')) assert.notDeepEqual(openSpillFiles(), [])
    break
  }
  assert.deepEqual(openSpillFiles(), [])
  const dies = job.map(exits, { params: { at: 'a line of some length' } })
  const error = await errorOf(dies.run({ workers: 2, memoryBytes: 1, spillFolder }).collect())
  assert.equal(error.code, 'PeerLost', error.stack)
  assert.deepEqual(openSpillFiles(), [])
  assert.deepEqual(readdirSync(spillFolder), [])
})

/** A folder as a process that died while it opened a file leaves it. */
function leftByCrash(pid: number, base: string): string {
  const path = join(base, `${folderPrefix().replace(`-${process.pid}-`, `-${pid}-`)}AbC123`)
  mkdirSync(path)
  writeFileSync(join(path, 'rows'), 'left')
  return path
}

test('a process that is killed while rows are on disk leaves nothing there, and what one left earlier goes when a run starts', async () => {
  const program = fileURLToPath(new URL('./fixtures/dies-spilling.js', import.meta.url))
  const { pid, signal, stderr } = spawnSync(process.execPath, [program, join(folder, 'long/*.txt'), spillFolder], { encoding: 'utf8' })
  assert.equal(signal, 'SIGKILL', stderr)
  assert.deepEqual(readdirSync(spillFolder), [])
  const left = leftByCrash(pid, spillFolder)
  assert.equal((await rowsOf(read(), { ...ways[0].options, spillFolder })).length, FILES)
  assert.equal(existsSync(left), false)
})

test('what a crash left in the folder of the system goes when a pool starts', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  const left = leftByCrash(pid, tmpdir())
  const pool = createPool({ workers: 0 })
  await pool.close()
  assert.equal(existsSync(left), false)
})
