import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { PROJECT_ROOT } from '../support/root.js'

const execute = promisify(execFile)
/** Without the counters of coverage, which cost such a program half its speed: what it covers others do. */
const run = (args: readonly string[], cwd: URL | string) =>
  execute(process.execPath, args, { cwd, env: { ...process.env, NODE_V8_COVERAGE: '' } })
const FULL = process.env.MILLRACE_FULL === '1'
const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript)

/** The compiled example, and its source where Node runs that. */
const forms = (name: string): string[] => [`dist/examples/${name}.js`, ...(stripsTypes ? [`examples/${name}.ts`] : [])]

// All flights take many seconds: in the usual run test/flow-run/examples.test.ts compares its flow and its program of one thread on a sample.
for (const main of FULL ? forms('flights/main') : []) {
  test(`${main} shows the routes, the summary and an equal answer of one thread`, async () => {
    const { stdout } = await run([main, '--workers', '2'], PROJECT_ROOT)
    assert.match(stdout, /^3,000,000 flights: [\d,]+ routes/)
    assert.match(stdout, /\nHNL-MSP +188 +39\.99 +1,688\n/)
    assert.match(stdout, /rows in, .* rows out, 2 workers, .* longest stall of the main thread/)
    assert.match(stdout, /one thread: .* in the same order\n/)
  })
}

const MAINS: Readonly<Record<string, RegExp>> = {
  'distances/main': /^3,399 routes, .*\n(?:.*\n)*one thread: .* in the same order\n/,
  'sessions/main': /^358,191 sessions\n(?:.*\n)*one thread: .* in the same order\n/,
  'search/main': /^[\d,]+ words in \d+ documents indexed in .*\nsearched for /,
  'filter-server/main': /^all: 3,000,000 flights were read for it, .*\n316 flights from HNL .*\n(the client left: .*\n){5}$/,
}

for (const [name, shown] of Object.entries(FULL ? MAINS : {})) {
  test(`${name} shows what it found`, async () => {
    const { stdout } = await run([`dist/examples/${name}.js`, 'credit'].slice(0, name.startsWith('search') ? 2 : 1), PROJECT_ROOT)
    assert.match(stdout, shown)
  })
}

for (const file of forms('word-pairs/stages')) {
  test(`millrace run ${file} gives the most frequent pairs`, async () => {
    const command = fileURLToPath(new URL('dist/lib/cli/main.js', PROJECT_ROOT))
    // A folder with a node_modules of its own: the source reads what is below the current directory.
    const cwd = fileURLToPath(new URL('node_modules/@types', PROJECT_ROOT))
    const path = fileURLToPath(new URL(file, PROJECT_ROOT))
    const failed = await run([command, 'run', path], cwd).catch((error: { code: number; stderr: string }) => error)
    assert.match(failed.stderr, /^error SourceMissing: no file matches /)
    assert.equal('code' in failed && failed.code, 1)
  })
}
