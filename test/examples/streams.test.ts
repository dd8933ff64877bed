import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { leaks } from 'millrace/testing'
import { startServer } from '../../examples/ndjson-server/server.js'
import { until } from '../support/connections.js'
import { PROJECT_ROOT } from '../support/root.js'

const RECORDS = 50_000
let folder = ''
let file = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-streams-'))
  file = join(folder, 'records.jsonl')
  const line = (n: number) => `${JSON.stringify({ user: n % 2 === 0 ? 'ann' : 'bob', ms: n, path: `/${n}` })}\n`
  await writeFile(file, Array.from({ length: RECORDS }, (_none, n) => line(n)).join(''))
})
after(() => rm(folder, { recursive: true }))

test('the server gives the records as NDJSON, and stops the worker of a client that leaves', async () => {
  const log: string[] = []
  const { server, pool, close } = await startServer({ file, workers: 1, log: (line) => log.push(line) })
  const { port } = server.address() as AddressInfo
  const answer = await new Promise<string>((resolve, reject) => {
    get({ port, path: '/?user=ann' }, async (response) => {
      assert.equal(response.headers['content-type'], 'application/x-ndjson')
      resolve((await response.toArray()).join(''))
    }).on('error', reject)
  })
  const records = answer
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { user: string; ms: number })
  assert.deepEqual(
    records.map(({ ms }) => ms),
    Array.from({ length: RECORDS / 2 }, (_none, n) => 2 * n),
  )
  await new Promise<void>((resolve, reject) => {
    get({ port, path: '/' }, (response) => {
      response.once('data', () => {
        response.destroy()
        resolve()
      })
    }).on('error', reject)
  })
  await until(async () => (await pool.api.done()).open === 0 && log.length === 2, 'the worker reads on')
  const { parsed } = await pool.api.done()
  assert.ok(parsed < 2 * RECORDS, `${parsed} records were parsed`)
  assert.match(log[0], /^25000 records in \d+ ms: all$/)
  assert.match(log[1], /^\d+ records in \d+ ms: the client left$/)
  assert.deepEqual(await leaks(pool), {})
  await close()
})

test('its main program tells what clients that leave cost', async () => {
  const child = spawn(process.execPath, ['dist/examples/ndjson-server/main.js', '--workers', '2'], { cwd: PROJECT_ROOT })
  const [stdout, [code]] = await Promise.all([child.stdout.toArray(), once(child, 'exit')])
  assert.equal(code, 0)
  assert.match(stdout.join(''), /5 clients left early: \d+ records were parsed for them in all, of 1000000; 0 are read for still\n$/)
})

const hashes = (...argv: string[]) => spawn(process.execPath, ['dist/examples/file-hashes/main.js', ...argv], { cwd: PROJECT_ROOT })

test('every file below the folder has its hash, once', async () => {
  const child = hashes('docs', '--workers', '2')
  const lines = (await child.stdout.toArray()).join('').trimEnd().split('\n')
  const paths = lines.map((line) => line.slice(66))
  assert.equal(new Set(paths).size, paths.length)
  assert.ok(paths.includes(join('docs', 'PROTOCOL.md')))
  for (const line of lines) {
    const bytes = await readFile(fileURLToPath(new URL(line.slice(66), PROJECT_ROOT)))
    assert.equal(line.slice(0, 64), createHash('sha256').update(bytes).digest('hex'))
  }
})

test('Ctrl-C stops it in the midst of its work', async () => {
  const child = hashes('node_modules', '--workers', '2')
  const [stderr] = await Promise.all([
    child.stderr.toArray(),
    once(child.stdout, 'data').then(() => child.kill('SIGINT') && child.stdout.resume()),
    once(child, 'exit'),
  ])
  assert.equal(child.exitCode, 130)
  assert.match(stderr.join(''), /^\d+ files, .*, stopped\n$/)
})

test('one worker counts what another finds, past the main thread', async () => {
  const paths = ['docs/PROTOCOL.md', 'docs/streams.md']
  const child = spawn(process.execPath, ['dist/examples/relay/main.js', ...paths], { cwd: PROJECT_ROOT })
  const [stdout, stderr] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, 'exit')])
  const counts = new Map<string, number>()
  for (const path of paths) {
    const text = await readFile(fileURLToPath(new URL(path, PROJECT_ROOT)), 'utf8')
    for (const [word] of text.matchAll(/\p{L}{4,}/gu)) counts.set(word.toLowerCase(), (counts.get(word.toLowerCase()) ?? 0) + 1)
  }
  const lines = stdout.join('').trimEnd().split('\n')
  assert.equal(lines.length, 10)
  assert.equal(Number(lines[0].slice(16)), Math.max(...counts.values()))
  for (const line of lines) assert.equal(Number(line.slice(16)), counts.get(line.slice(0, 16).trim()))
  assert.equal(stderr.join(''), 'calls of this thread: 0 to worker 1, 1 to worker 2\n')
})
