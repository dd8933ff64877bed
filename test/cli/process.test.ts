import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PROJECT_ROOT } from '../support/root.js'

const MAIN = fileURLToPath(new URL('dist/lib/cli/main.js', PROJECT_ROOT))
const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}.js`, import.meta.url))

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

async function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (piece: string) => {
      text[name] += piece
    })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { code, signal, ...text }
}

const millrace = (...argv: string[]): ReturnType<typeof spawn> => spawn(process.execPath, [MAIN, ...argv])

test('the command runs a file, prints JSON lines into a pipe and ends by itself', async () => {
  const { code, stdout, stderr } = await ended(millrace('run', fixture('rows')))
  assert.deepEqual([code, stdout.split('\n').length], [0, 4])
  assert.match(stderr, /^millrace: .* longest stall of the main thread/)
})

test('the version is that of the package', async () => {
  const { code, stdout } = await ended(millrace('--version'))
  assert.equal(code, 0)
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

test('wrong use exits with 2', async () => {
  assert.equal((await ended(millrace('run'))).code, 2)
})

test('a reader that leaves after a few lines ends the run quietly', async () => {
  const child = millrace('run', fixture('endless'))
  child.stdout?.once('data', () => child.stdout?.destroy())
  const { code, signal, stderr } = await ended(child)
  assert.deepEqual([code, signal, stderr], [0, null, 'left the source\n'])
})

test('an interrupt ends the process with 130 although a handle was open', async () => {
  const child = millrace('run', fixture('waiting'))
  child.stdout?.once('data', () => child.kill('SIGINT'))
  const { code, stdout, stderr } = await ended(child)
  assert.deepEqual([code, stdout], [130, '{"n":1}\n'])
  assert.match(stderr, /^millrace: interrupted, /)
})

test('an interrupt ends the process although its reader has stopped reading', async () => {
  const child = millrace('run', fixture('endless'))
  child.stdout?.pause()
  child.stdout?.once('readable', () => child.kill('SIGINT'))
  const [code] = (await once(child, 'exit')) as [number | null]
  child.stdout?.destroy()
  assert.equal(code, 130)
})

test('a real flow prints its rows in order and the process ends by itself, with either kind of workers', async () => {
  const all = readFileSync(new URL('LICENSE', PROJECT_ROOT), 'utf8').split('\n')
  const lengths = all.map(({ length }) => length).filter((length) => length >= 60)
  for (const kind of ['thread', 'process']) {
    const argv = ['run', fixture('longest-lines'), '--workers', '2', '--kind', kind, '--set', 'min=60']
    const { code, stdout, stderr } = await ended(spawn(process.execPath, [MAIN, ...argv], { cwd: fileURLToPath(PROJECT_ROOT) }))
    assert.equal(code, 0, stderr)
    const rows = stdout.trimEnd().split('\n')
    assert.deepEqual(
      rows.map((row) => JSON.parse(row).length),
      lengths.sort((x, y) => y - x),
    )
    assert.match(stderr, new RegExp(`^millrace: \\d+ rows in .*, ${lengths.length} rows out, 2 workers, `))
  }
})

test('the reader of a real flow leaves after one line: quiet, and no worker holds the process', async () => {
  const child = millrace('run', fixture('counting'), '--workers', '2')
  child.stdout?.once('data', () => child.stdout?.destroy())
  const { code, signal, stderr } = await ended(child)
  assert.deepEqual([code, signal, stderr], [0, null, ''])
})

test('an interrupt stops the workers of a real flow', async () => {
  const child = millrace('run', fixture('counting'), '--workers', '2')
  child.stdout?.once('data', () => child.kill('SIGINT'))
  child.stdout?.resume()
  const { code, stderr } = await ended(child)
  assert.equal(code, 130)
  assert.match(stderr, /^millrace: interrupted, .* 2 workers, /)
})

test('a stage that throws fails the command with its error, stage, file and offset', async () => {
  const { code, stderr } = await ended(millrace('run', fixture('failing-stage'), '--workers', '2'))
  assert.equal(code, 1)
  assert.match(stderr, /^error RangeError: no letters here\n {2}stage: mustHaveLetters\n {2}file: .*package\.json, offset \d+\n/)
})

test('workers in processes: an interrupt, which a terminal sends to all of them, ends the run in order', async () => {
  const argv = [MAIN, 'run', fixture('slow-lines'), '--workers', '2', '--kind', 'process']
  const child = spawn(process.execPath, argv, { cwd: fileURLToPath(PROJECT_ROOT), detached: true })
  child.stdout.once('data', () => process.kill(-(child.pid as number), 'SIGINT'))
  const { code, stdout, stderr } = await ended(child)
  assert.deepEqual([code, Object.keys(JSON.parse(stdout.split('\n')[0]))], [130, ['length']])
  assert.match(stderr, /^millrace: interrupted, /)
})

test('a flow that writes prints what it wrote, and takes no --limit', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
  try {
    writeFileSync(join(folder, 'in.jsonl'), '{"a":1}\n{"a":null}\n')
    const run = (...more: string[]) => ended(spawn(process.execPath, [MAIN, 'run', fixture('writing'), ...more], { cwd: folder }))
    const refused = await run('--limit', '1')
    assert.deepEqual([refused.code, refused.stdout, existsSync(join(folder, 'out'))], [2, '', false])
    assert.match(refused.stderr, /operator 2 \(limit\): would stop the rows before all of them are written to out\/all\.csv/)
    const { code, stdout } = await run('--workers', '1')
    assert.deepEqual([code, stdout], [0, '{"file":"out/all.csv","rows":2,"bytes":5}\n'])
    assert.equal(readFileSync(join(folder, 'out/all.csv'), 'utf8'), 'a\n1\n\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
