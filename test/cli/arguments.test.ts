import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Order, readArguments } from '../../src/cli/arguments.js'

function read(...argv: string[]): { order: Order; out: string; err: string } {
  const out: string[] = []
  const err: string[] = []
  const order = readArguments(argv, { version: '9.8.7', writeOut: (text) => out.push(text), writeErr: (text) => err.push(text) })
  return { order, out: out.join(''), err: err.join('') }
}

test('run with every option is read into one plain order', () => {
  const { order } = read(
    'run',
    'a.js',
    '--workers',
    '4',
    '--kind',
    'process',
    '--limit',
    '10',
    '--set',
    'min=3',
    '--set',
    'pairs.sep==',
    '--format',
    'jsonl',
    '--debug',
  )
  assert.deepEqual(order, {
    kind: 'run',
    file: 'a.js',
    workers: 4,
    workerKind: 'process',
    limit: 10,
    set: { min: '3', 'pairs.sep': '=' },
    format: 'jsonl',
    quiet: false,
    debug: true,
  })
})

test('run with a file alone leaves every choice to the flow and the terminal', () => {
  assert.deepEqual(read('run', 'a.js').order, { kind: 'run', file: 'a.js', set: {}, quiet: false, debug: false })
})

test('a setting may be empty, may hold equals signs, and the last one of a name wins', () => {
  const { order } = read('run', 'a.js', '--set', 'a=', '--set', 'b=x=y', '-s', 'b=z')
  assert.deepEqual(order.kind === 'run' && order.set, { a: '', b: 'z' })
})

test('a setting called __proto__ is a setting', () => {
  const { order } = read('run', 'a.js', '--set', '__proto__=1', '--set', 'b=2')
  assert.deepEqual(order.kind === 'run' && Object.entries(order.set), [
    ['__proto__', '1'],
    ['b', '2'],
  ])
})

for (const [argv, complaint] of [
  [['run', 'a.js', '--workers', 'many'], /--workers.*whole number/s],
  [['run', 'a.js', '--workers', '-1'], /--workers/],
  [['run', 'a.js', '--kind', 'fibre'], /--kind.*thread, process/s],
  [['run', 'a.js', '--workers', '1.5'], /whole number/],
  [['run', 'a.js', '--workers', '1e3'], /whole number/],
  [['run', 'a.js', '--limit', '99999999999999999999'], /whole number/],
  [['run', 'a.js', '--limit', ''], /whole number/],
  [['run', 'a.js', '--set', 'min'], /NAME=VALUE/],
  [['run', 'a.js', '--set', '=3'], /NAME=VALUE/],
  [['run', 'a.js', '--format', 'xml'], /table, jsonl/],
  [['run', 'a.js', '--wrkers', '2'], /unknown option '--wrkers'.*--workers/s],
  [['run'], /missing required argument 'file'/],
  [['run', 'a.js', 'b.js'], /too many arguments/],
  [['rum', 'a.js'], /unknown command 'rum'/],
  [['explain', 'a.js', '--limit', '3'], /unknown option '--limit'/],
] as const) {
  test(`"${argv.join(' ')}" is a usage error that names what is wrong`, () => {
    const { order, out, err } = read(...argv)
    assert.deepEqual(order, { kind: 'leave', exitCode: 2 })
    assert.match(err, complaint)
    assert.equal(out, '')
  })
}

test('help goes to stdout, names the exit codes, and is no error', () => {
  const { order, out, err } = read('--help')
  assert.deepEqual(order, { kind: 'leave', exitCode: 0 })
  assert.match(out, /run .*explain .*Exit codes:.*130/s)
  assert.equal(err, '')
})

test('help of run lists every option', () => {
  const { out } = read('run', '--help')
  for (const option of ['--workers', '--kind', '--limit', '--set', '--format', '--quiet', '--debug'])
    assert.ok(out.includes(option), option)
})

test('version prints the version alone', () => {
  const { order, out } = read('--version')
  assert.deepEqual(order, { kind: 'leave', exitCode: 0 })
  assert.equal(out, '9.8.7\n')
})

test('no command at all shows the help on stderr and is a usage error', () => {
  const { order, err } = read()
  assert.deepEqual(order, { kind: 'leave', exitCode: 2 })
  assert.match(err, /Usage: millrace/)
})
