import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { command } from '../../src/cli/command.js'
import endless from './fixtures/endless.js'
import rows from './fixtures/rows.js'
import waiting from './fixtures/waiting.js'
import { type FakeShell, type FakeShellOptions, fakeShell } from './support/fake-shell.js'

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}.js`, import.meta.url))

const FLIGHTS = fileURLToPath(new URL('../../examples/flights/stages.js', import.meta.url))

async function go(argv: string[], options: FakeShellOptions = {}): Promise<FakeShell & { code: number }> {
  const shell = fakeShell(options)
  const code = await command(argv, '1.2.3', shell)
  assert.deepEqual(shell.live(), { tickers: 0, interrupts: 0 }, 'nothing is left behind')
  return { ...shell, code }
}

test('into a pipe rows are JSON lines and the summary stands alone on stderr', async () => {
  const { code, written } = await go(['run', fixture('rows')])
  assert.equal(code, 0)
  assert.equal(written.stdout, '{"pair":"of the","n":1234567}\n{"pair":"in the","n":5}\n{"pair":"a 漢字","n":0.25}\n')
  assert.match(
    written.stderr,
    /^millrace: 1,234,567 rows in \(45\.6 MB\), 3 rows out, 2 workers, 2\.50 s, longest stall of the main thread \d+\.\d ms\n$/,
  )
})

test('on a terminal rows are a table', async () => {
  const { written } = await go(['run', fixture('rows')], { stdoutColumns: 80 })
  assert.equal(written.stdout, 'pair            n\n──────  ─────────\nof the  1,234,567\nin the          5\na 漢字       0.25\n')
})

test('the format asked for wins over the terminal, both ways', async () => {
  assert.match((await go(['run', fixture('rows'), '--format', 'jsonl'], { stdoutColumns: 80 })).written.stdout, /^\{"pair"/)
  assert.match((await go(['run', fixture('rows'), '--format', 'table'])).written.stdout, /^pair /)
})

test('a flow without rows prints nothing as JSON lines and says so as a table', async () => {
  assert.equal((await go(['run', fixture('rows'), '--limit', '0'])).written.stdout, '')
  assert.equal((await go(['run', fixture('rows'), '--limit', '0', '--format', 'table'])).written.stdout, '(no rows)\n')
})

test('limit, workers and settings reach the flow, and the run is disposed', async () => {
  rows.runs.length = 0
  const { written } = await go(['run', fixture('rows'), '--limit', '1', '--workers', '0', '--set', 'min=3', '--set', 'pairs.sep=,'])
  assert.equal(written.stdout.split('\n').length, 2)
  assert.deepEqual([rows.runs[0]?.options.workers, rows.runs[0]?.options.params], [0, { min: '3', 'pairs.sep': ',' }])
  assert.deepEqual(
    rows.runs.map((run) => run.disposed),
    [true],
  )
})

test('without --workers the flow chooses', async () => {
  rows.runs.length = 0
  await go(['run', fixture('rows')])
  assert.equal('workers' in (rows.runs[0]?.options ?? {}), false)
})

test('explain prints what the flow says, and one line end', async () => {
  const { code, written } = await go(['explain', fixture('rows')])
  assert.deepEqual([code, written], [0, { stdout: 'read lines\nsort n desc\n', stderr: '' }])
})

test('quiet leaves stderr empty, also on a terminal', async () => {
  assert.equal((await go(['run', fixture('rows'), '--quiet'], { stderrColumns: 80 })).written.stderr, '')
})

test('a table longer than a page prints every row once under one heading', async () => {
  const { written } = await go(['run', fixture('endless'), '--limit', '2500', '--format', 'table'])
  const lines = written.stdout.split('\n').slice(2, -1)
  assert.deepEqual(
    lines.map((line) => Number.parseInt(line.replaceAll(',', ''), 10)),
    Array.from({ length: 2500 }, (_, index) => index),
  )
})

test('a table that waits for its next row shows the rows it has', async () => {
  const shell = fakeShell({ stdoutColumns: 80 })
  const ended = command(['run', fixture('waiting')], '1.2.3', shell)
  while (shell.written.stdout === '') {
    await setImmediate()
    shell.tick()
  }
  assert.equal(shell.written.stdout, 'n\n─\n1\n')
  shell.interrupt()
  assert.equal(await ended, 130)
})

test('a table shows the rows before a failure', async () => {
  assert.equal((await go(['run', fixture('throwing')], { stdoutColumns: 80 })).written.stdout, 'n\n─\n1\n')
})

test('a flow that throws shows the rows before it, code, place and cause, and exits with 1', async () => {
  const { code, written } = await go(['run', fixture('throwing')])
  assert.equal(code, 1)
  assert.equal(written.stdout, '{"n":1}\n')
  assert.equal(
    written.stderr,
    'error RangeError: n is too large\n  stage: pairs\n  file: docs/a.md, offset 123\n  cause: TypeError: not a number\n',
  )
})

test('a stack is shown with --debug only', async () => {
  assert.match((await go(['run', fixture('throwing'), '--debug'])).written.stderr, /\n {8}at /)
})

for (const [name, pattern, exit] of [
  ['missing', /^error FlowFileNotFound: .*missing\.js: there is no such file/, 2],
  ['no-default', /^error NotAFlow: .*no default export \(it exports other\).*export default flow/, 2],
  ['not-a-flow', /^error NotAFlow: .*an object with run, not a flow/, 2],
  ['import-fails', /^error FlowFileFailed: .*\n {2}cause: TypeError: this module cannot be\n$/, 1],
] as const) {
  for (const verb of ['run', 'explain']) {
    test(`${verb} of a file that is ${name} says so and exits with ${exit}`, async () => {
      const { code, written } = await go([verb, fixture(name)])
      assert.match(written.stderr, pattern)
      assert.deepEqual([code, written.stdout], [exit, ''])
    })
  }
}

for (const [setting, pattern] of [
  ['nope=1', /^error ParamUnknown: .*nope.*min/],
  ['min=many', /^error ParamInvalid: .*min.*number.*many/],
] as const) {
  test(`--set ${setting} is a usage error where no stage takes it`, async () => {
    const { code, written } = await go(['run', FLIGHTS, '--set', setting])
    assert.match(written.stderr, pattern)
    assert.equal(code, 2)
  })
}

test('explain shows the plan of a real flow without running it', async () => {
  const { code, written } = await go(['explain', FLIGHTS])
  assert.equal(code, 0)
  assert.match(written.stdout, /read parquet .*\n.*map toRoute\n(.*\n)*.*sort by mean desc, route/)
})

test('a folder is not a file', async () => {
  const { code, written } = await go(['run', fileURLToPath(new URL('./fixtures', import.meta.url))])
  assert.equal(code, 2)
  assert.match(written.stderr, /FlowFileNotFound: .*that is not a file/)
})

test('TypeScript runs where Node strips types; elsewhere the error names the cure', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-cli-'))
  try {
    const file = join(folder, 'rows.mts')
    await writeFile(
      file,
      `const url: string = ${JSON.stringify(new URL('./fixtures/rows.js', import.meta.url).href)}\nexport default (await import(url)).default\n`,
    )
    const { code, written } = await go(['run', file])
    if ((process.features as { typescript?: unknown }).typescript) {
      assert.equal(code, 0)
    } else {
      assert.equal(code, 2)
      assert.match(written.stderr, /^error TypeScriptUnsupported: .*rows\.mts: .*tsc.*22\.18/)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('Ctrl-C cancels the run, keeps the rows printed before, and exits with 130', async () => {
  waiting.runs.length = 0
  const shell = fakeShell()
  const ended = command(['run', fixture('waiting')], '1.2.3', shell)
  while (shell.written.stdout === '') await setImmediate()
  shell.interrupt()
  assert.equal(await ended, 130)
  assert.equal(shell.written.stdout, '{"n":1}\n')
  assert.match(shell.written.stderr, /^millrace: interrupted, /)
  assert.match(String(waiting.runs[0]?.signalReason), /Cancelled/)
  assert.deepEqual([waiting.runs[0]?.disposed, shell.exits, shell.live()], [true, [], { tickers: 0, interrupts: 0 }])
})

test('a second Ctrl-C exits at once', async () => {
  const shell = fakeShell()
  const ended = command(['run', fixture('waiting')], '1.2.3', shell)
  while (shell.written.stdout === '') await setImmediate()
  shell.interrupt()
  shell.interrupt()
  assert.deepEqual(shell.exits, [130])
  await ended
})

test('Ctrl-C ends a run whose reader has stopped reading', async () => {
  const shell = fakeShell({ take: () => {} })
  const ended = command(['run', fixture('endless')], '1.2.3', shell)
  while (!shell.stdout.writableNeedDrain) await setImmediate()
  shell.interrupt()
  assert.equal(await ended, 130)
})

test('a reader of stdout that leaves cancels the run; the command is silent and exits with 0', async () => {
  endless.runs.length = 0
  let taken = ''
  const epipe = Object.assign(new Error('broken pipe'), { code: 'EPIPE' })
  const { code, written } = await go(['run', fixture('endless')], {
    take(text, done) {
      done(taken === '' ? undefined : epipe)
      taken += text
    },
  })
  assert.deepEqual([code, written.stderr, endless.runs[0]?.disposed], [0, '', true])
})

test('a full disk behind stdout is an error of its own', async () => {
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  const { code, written } = await go(['run', fixture('endless')], { take: (_text, done) => done(full) })
  assert.deepEqual([code, written.stderr], [1, 'error ENOSPC: no space left on device\n'])
})

test('on a terminal a progress line follows the run and is gone at the end', async () => {
  const shell = fakeShell({ stderrColumns: 80 })
  const ended = command(['run', fixture('waiting')], '1.2.3', shell)
  while (shell.written.stdout === '') await setImmediate()
  shell.tick()
  assert.match(shell.written.stderr, /millrace: 1,234,567 rows, 45\.6 MB, 7 splits, 2\.50 s/)
  shell.interrupt()
  await ended
  const beforeSummary = shell.written.stderr.split('millrace: interrupted')[0] as string
  const erased = beforeSummary.lastIndexOf('\u001b[2K')
  assert.ok(erased > beforeSummary.lastIndexOf('2.50 s'), 'the line is erased before the summary is written')
})

test('no progress is drawn where stderr is not a terminal', async () => {
  const shell = fakeShell({ stdoutColumns: 80 })
  const ended = command(['run', fixture('waiting'), '--format', 'jsonl'], '1.2.3', shell)
  while (shell.written.stdout === '') await setImmediate()
  assert.equal(shell.live().tickers, 0)
  shell.interrupt()
  await ended
})
