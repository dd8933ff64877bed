/**
 * npm run compat [-- NAME...]: installs runtimes and what would be published into a temporary folder, runs scripts/compat/ with each, and
 * writes docs/compatibility.md. Exits with 1 where a check of a Node.js fails, but for TypeScript before Node.js 22.18.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './run.mjs'

const RUNTIMES = {
  'Node.js 20.19': { install: 'node@20.19.0', argv: ['node'] },
  'Node.js 22': { install: 'node@22', argv: ['node'] },
  'Node.js 24': { install: 'node@24', argv: ['node'] },
  'Node.js newest': { install: 'node@latest', argv: ['node'] },
  Bun: { install: 'bun', argv: ['bun'] },
  Deno: { install: 'deno', argv: ['deno', 'run', '-A', '--node-modules-dir=manual'], version: /deno (\S+)/ },
}
const LIMIT_MS = 180_000
const ENDS = 'the process ends by itself'

const npm = (...args) =>
  execFileSync('npm', [...args, '--silent', '--no-audit', '--no-fund'], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })

function installRuntime(folder, { install, argv: [name, ...argv] }) {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{}')
  npm('install', '--prefix', folder, install)
  return [join(folder, 'node_modules/.bin', name), ...argv]
}

/** What it gave for each check: undefined where all is well. */
function run([program, ...argv], folder) {
  const start = (file) => spawnSync(program, [...argv, file], { cwd: folder, encoding: 'utf8', timeout: LIMIT_MS, killSignal: 'SIGKILL' })
  const { stdout } = start('checks.mjs')
  const results = new Map()
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('{"name"')) continue
    const { name, failure } = JSON.parse(line)
    results.set(name, failure)
  }
  const { status, stdout: sums } = start('ends.mjs')
  results.set(ENDS, status === 0 && sums.trim() === '3,7' ? undefined : `exit code ${status}`)
  return results
}

function tableOf(columns) {
  const names = [...new Set([...columns.values()].flatMap((results) => [...results.keys()]))]
  const notes = []
  const cell = (results, name) => {
    if (!results.has(name)) return '-'
    const failure = results.get(name)
    if (failure === undefined) return 'yes'
    const text = failure.split('\n')[0].replaceAll(/file:\S*\//g, '')
    if (!notes.includes(text)) notes.push(text)
    return `no (${notes.indexOf(text) + 1})`
  }
  const row = (cells) => `| ${cells.join(' | ')} |`
  const rows = names.map((name) => row([name, ...[...columns.values()].map((results) => cell(results, name))]))
  const head = [row(['', ...columns.keys()]), row(['---', ...[...columns.keys()].map(() => '---')])]
  return [...head, ...rows, '', ...notes.map((note, index) => `${index + 1}. \`${note}\``)].join('\n')
}

const wanted = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'millrace-compat-'))
try {
  const program = join(folder, 'program')
  cpSync(join(ROOT, 'scripts/compat'), program, { recursive: true })
  const [{ filename, version }] = JSON.parse(npm('pack', ROOT, '--json', '--pack-destination', folder))
  writeFileSync(
    join(program, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: { millrace: `file:${join(folder, filename)}` } }),
  )
  npm('install', '--prefix', program)
  writeFileSync(join(program, 'package.json'), JSON.stringify({ type: 'module', dependencies: { millrace: version } }))
  const columns = new Map()
  for (const [name, runtime] of Object.entries(RUNTIMES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const command = installRuntime(join(folder, name.replaceAll(' ', '-')), runtime)
    const [, number] = (runtime.version ?? /v?(\S+)/).exec(spawnSync(command[0], ['--version'], { encoding: 'utf8' }).stdout)
    const results = run(command, program)
    columns.set(`${name.split(' ')[0]} ${number}`, results)
    const failed = [...results].filter(([, failure]) => failure !== undefined && !failure.startsWith('TypeScriptUnsupported'))
    for (const [check, failure] of failed) console.error(`${name}: ${check}: ${failure}`)
    if (runtime.argv[0] === 'node' && (failed.length > 0 || results.size < 2)) process.exitCode = 1
  }
  const text = `# What runs where

Measured by \`npm run compat\`, which installs each runtime and the package as it would be published, and runs the checks of \`scripts/compat/\`.
Tested at every change are Node.js 20, 22 and 24; the others are what they were when this was written.

${tableOf(columns)}
`
  if (wanted.length === 0) writeFileSync(join(ROOT, 'docs/compatibility.md'), text)
  console.log(text)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
