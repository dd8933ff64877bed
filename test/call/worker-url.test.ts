import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { findWorker } from '../../src/call/worker-url.js'
import { connect } from '../../src/index.js'
import { failure } from '../support/connections.js'
import { PROJECT_ROOT } from '../support/root.js'

const run = promisify(execFile)
const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript)
let folder = ''
const at = (name: string): URL => pathToFileURL(join(folder, name))

before(async () => {
  folder = await mkdtemp(fileURLToPath(new URL('dist/worker-url-', PROJECT_ROOT)))
  const source = "import { serve } from 'millrace'\nexport default serve({ answer: () => 42 })\n"
  await writeFile(at('both.js'), source)
  await writeFile(at('both.ts'), source)
  await writeFile(at('compiled.js'), source)
  await writeFile(at('module.mjs'), source)
  await writeFile(at('typed.ts'), source.replace('() => 42', '(): number => 42'))
})
after(() => rm(folder, { recursive: true }))

test('a worker that is named is taken; where it is not there, its other form', async () => {
  for (const [named, found] of [
    ['both.js', 'both.js'],
    ['both.ts', 'both.ts'],
    ['compiled.ts', 'compiled.js'],
    ['module.mts', 'module.mjs'],
    ['typed.js', 'typed.ts'],
  ]) {
    assert.equal(findWorker(at(named)).href, at(found).href)
  }
  assert.equal(findWorker(new URL('?v=1', at('compiled.ts'))).href, `${at('compiled.js').href}?v=1`)
  const data = new URL('data:text/javascript,')
  assert.equal(findWorker(data), data)
})

test('where there is neither, the error names both', async () => {
  const error = await failure(connect(at('none.js'), { workers: 1 }))
  assert.equal(error.code, 'WorkerNotFound')
  assert.match(error.message, /^there is no .*none[.]js, nor .*none[.]ts: check/)
  assert.match((await failure(connect(at('text.txt'), { workers: 0 }))).message, /^there is no .*text[.]txt: check/)
})

test('a program that names the .ts of its worker runs the compiled one', async () => {
  const pool = await connect<{ default: { answer(): number } }>(at('compiled.ts'), { workers: 1 })
  assert.equal(await pool.api.answer(), 42)
  await pool.close()
})

test('a source is run where Node.js strips types; elsewhere the error says what to do', async () => {
  const program = `import { connect } from 'millrace'
    const pool = await connect(new URL('./typed.js', import.meta.url), { workers: 1 }).catch((error) => console.log(error.code, error.message))
    if (pool) console.log(await pool.api.answer())
    await pool?.close()`
  await writeFile(at('main.mjs'), program)
  const { stdout } = await run(process.execPath, [fileURLToPath(at('main.mjs'))])
  if (stripsTypes) assert.equal(stdout, '42\n')
  else assert.match(stdout, /^TypeScriptUnsupported file:.*typed[.]ts is TypeScript, which Node[.]js .* does not run: compile it/)
})
