import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** One worker and two are started alike. */
const WORKERS = process.env.MILLRACE_FULL === '1' ? [0, 1, 2] : [0, 2]
/** Longer than anything here takes; who is killed has hung. */
const KILL_MS = 25_000

interface Outcome {
  readonly lines: unknown[]
  readonly code: number | null
  readonly errors: string
}

/** Runs a fixture as a process of its own, with an outer kill. */
function runFixture(name: string, workers: number, more: { args?: string[]; flags?: string[] } = {}): Promise<Outcome> {
  const file = fileURLToPath(new URL(`./fixtures/${name}.js`, import.meta.url))
  const child = spawn(process.execPath, [...(more.flags ?? []), file, String(workers), ...(more.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: KILL_MS,
    killSignal: 'SIGKILL',
  })
  let out = ''
  let errors = ''
  child.stdout.on('data', (text) => {
    out += text
  })
  child.stderr.on('data', (text) => {
    errors += text
  })
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ lines: out.split('\n').filter(Boolean).map(parse), code, errors }))
  })
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}

const FLOW_RAN = { code: 'FlowRanOnImport' }

describe('a module that is both the stages and the program', () => {
  test('gets the named error where it awaits its own run', async () => {
    for (const workers of WORKERS) {
      const { lines, code, errors } = await runFixture('awaits-itself', workers)
      assert.deepEqual([lines, code], [[], 1], `${workers} workers`)
      assert.match(errors, /FlowRanOnImport.*awaits-itself\.js runs a flow while it is imported/s)
    }
  })

  test('gets the named error, or in its own thread the answer, where it does not wait', async () => {
    assert.deepEqual(await runFixture('runs-on-import', 0), { lines: [{ rows: 1 }], code: 0, errors: '' })
    for (const workers of WORKERS.filter((count) => count > 0)) {
      const { lines, code, errors } = await runFixture('runs-on-import', workers)
      assert.deepEqual([lines.at(-1), code, errors], [FLOW_RAN, 0, ''], `${workers} workers`)
    }
  })

  test('starts no flow where another program imports it as stages', async () => {
    for (const workers of WORKERS) {
      const { lines, code, errors } = await runFixture('imports-a-runner', workers)
      assert.deepEqual([lines, code, errors], [[FLOW_RAN], 0, ''], `${workers} workers`)
    }
  })
})

describe('a process ends by itself', () => {
  test('after its runs, with a pool that nobody closed', async () => {
    for (const workers of [0, 2]) {
      assert.deepEqual(await runFixture('whole', workers), { lines: [{ same: true }], code: 0, errors: '' }, `${workers} workers`)
    }
  })

  test('when a run is left half read and forgotten', async () => {
    for (const workers of WORKERS) {
      for (const args of [['pool'], ['own']]) {
        const { lines, code, errors } = await runFixture('half-read', workers, { args })
        assert.deepEqual([lines, code, errors], [[{ n: 0 }], 0, ''], `${workers} workers, ${args}`)
      }
    }
  })
})

test('a worker out of memory is a lost peer, and the next run on the pool is right', async () => {
  const { lines, code } = await runFixture('out-of-memory', 2, { flags: ['--max-old-space-size=96'] })
  assert.deepEqual([lines, code], [[{ failed: { code: 'PeerLost', cause: 'ERR_WORKER_OUT_OF_MEMORY' }, good: true }], 0])
})
