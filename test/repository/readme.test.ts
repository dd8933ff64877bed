import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { codeBlocks } from '../support/markdown.js'
import { PROJECT_ROOT, readProjectFile } from '../support/root.js'

const execute = promisify(execFile)
const README = readProjectFile('README.md')
const SHOWN = ['README.md', 'docs/streams.md', 'docs/coming-from.md']
const inProject = (path: string) => fileURLToPath(new URL(path, PROJECT_ROOT))
const { scripts, bin, engines, license } = JSON.parse(readProjectFile('package.json')) as {
  scripts: Record<string, string>
  bin: { millrace: string }
  engines: { node: string }
  license: string
}

/** Below the project's root, so that `millrace` is the project itself. */
let folder = ''

/** The files that the blocks of a document hold: each begins with a comment that is its name. */
const filesOf = (path: string) =>
  codeBlocks(readProjectFile(path), 'ts')
    .flatMap((block) => block.split(/^(?=\/\/ \S+[.]ts$)/m))
    .map((text) => ({ name: /^\/\/ (\S+[.]ts)\n/.exec(text)?.[1], text }))

before(async () => {
  folder = await mkdtemp(inProject('dist/readme-'))
  const files = SHOWN.flatMap(filesOf)
  for (const { name, text } of files) {
    assert.ok(name !== undefined, `a block does not begin with the name of its file:\n${text}`)
    await writeFile(join(folder, name), text)
  }
  const compilerOptions = { rootDir: '.', outDir: '.', composite: false, declaration: false, sourceMap: false }
  const config = { extends: inProject('tsconfig.base.json'), compilerOptions, files: files.map(({ name }) => name) }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { stdout } = await execute(process.execPath, [inProject('node_modules/typescript/bin/tsc'), '-p', folder]).catch((error) => error)
  assert.equal(stdout, '', 'the blocks compile')
})

after(() => rm(folder, { recursive: true }))

async function run(...argv: string[]): Promise<string[]> {
  const { stdout, stderr } = await execute(process.execPath, argv, { cwd: inProject('.'), timeout: 20_000 })
  assert.doesNotMatch(stderr, /error/i)
  return stdout.trimEnd().split('\n')
}

test('the stream of the README gives primes, ends when its loop is left, and leaves a worker that answers', async () => {
  const lines = await run(join(folder, 'main.js'))
  assert.deepEqual(lines, ['1000003', '1000033', '1000037', '1000039', '1000081', 'true'])
})

test('the flow of the README counts the words of the documents', async () => {
  const lines = await run(join(folder, 'count.js'))
  assert.equal(lines.length, 10)
  const counts = lines.map((line) => Number(/^[a-z]{4,} (\d+)$/.exec(line)?.[1]))
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => b - a),
  )
  assert.ok(counts[9] > 10)
})

test('the commands of the README print the plan and three rows', async () => {
  const commands = [...README.matchAll(/^ {4}(npx .*)$/gm)].map(([, command]) => command)
  const outputs: string[][] = []
  for (const command of commands) {
    const [npx, name, ...argv] = command.split(' ')
    assert.deepEqual([npx, name], ['npx', 'millrace'])
    outputs.push(await run(inProject(bin.millrace), ...argv.map((word) => (word.endsWith('.js') ? join(folder, word) : word))))
  }
  const [plan, rows] = outputs
  assert.match(plan.join('\n'), /^stage 0 on every worker, keeps .*\n {2}read lines docs\/\*\*\/\*\.md\n {2}flatMap words/)
  assert.equal(rows.length, 3)
  for (const row of rows) assert.ok((JSON.parse(row) as { word: string }).word.length >= 6)
})

test('the streams document runs as it stands', async () => {
  const mains = filesOf('docs/streams.md').filter(({ name }) => name?.endsWith('.main.ts'))
  const printed: string[][] = []
  for (const { name } of mains) printed.push(await run(join(folder, (name as string).replace(/ts$/, 'js'))))
  assert.deepEqual(printed, [
    ['a', 'b', 'not found: nowhere', 'cancelled'],
    ['one', 'two', 'three', '3', 'to a socket'],
    ['> TO', '> AND', '> FRO'],
    ['info isWord {"unknown":"mull"}', 'true false'],
    ['part 1 of worker 1', 'part 2 of worker 2', 'part 3 of worker 1'],
    ['316eecf6c9aa3faa77d2cd76a7ee03e7cdf584f7'],
    ['0 0 0', '1 0.5 0.25', '2 1 0.5'],
    ['parsing within 00-4bf9-01'],
  ])
})

test('the programs for those who come from elsewhere run as they stand', async () => {
  assert.deepEqual(await run(join(folder, 'tasks.main.js')), ['[ true, false ]', '1009', '1013'])
  assert.deepEqual(await run(join(folder, 'callbacks.main.js')), ['11', '13'])
  assert.deepEqual(await run(join(folder, 'pipes.main.js')), ['23', '29'])
})

test('the README is one screen, and its scripts, versions, licence and links are there', () => {
  assert.ok(README.split('\n').length <= 90)
  for (const [, name] of README.matchAll(/^ {4}npm (\w+)/gm)) assert.ok((name === 'cit' ? scripts.test : scripts[name]) !== undefined, name)
  assert.equal(`>=${/Node\.js (\d+[.]\d+) or later/.exec(README)?.[1]}`, engines.node)
  assert.match(README, new RegExp(`${license}, see`))
})

test('every link in a document leads to a file', () => {
  const documents = ['README.md', 'docs/ARCHITECTURE.md', 'docs/LESSONS.md', 'docs/PROTOCOL.md', 'docs/flows.md', 'docs/streams.md']
  for (const path of documents) {
    for (const [, target] of readProjectFile(path).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (!target.includes('://')) assert.ok(existsSync(new URL(target, new URL(path, PROJECT_ROOT))), `${path}: ${target}`)
    }
  }
})
