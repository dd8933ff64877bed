import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { PROJECT_ROOT, readProjectFile } from '../support/root.js'

const { exports, bin } = JSON.parse(readProjectFile('package.json')) as {
  exports: Record<string, string | { types: string; default: string }>
  bin: { millrace: string }
}
const ENTRIES = Object.values(exports).filter((target) => typeof target !== 'string')
const urlOf = (path: string): URL => new URL(path, PROJECT_ROOT)

/** A file and all that it imports by a path, whenever it is loaded. */
function loadedWith(url: URL, seen = new Set<string>()): Set<string> {
  if (seen.has(url.href)) return seen
  seen.add(url.href)
  for (const [, path] of readFileSync(url, 'utf8').matchAll(/^(?:import|export|\} from)[^\n]*"(\.\.?\/[^"]+)"/gm))
    loadedWith(new URL(path, url), seen)
  return seen
}

test('what is published exports what its types say', async () => {
  for (const { types, default: file } of ENTRIES) {
    const module = types.replace(/[.]d[.]ts$/, '.js')
    const [published, compiled] = await Promise.all([import(urlOf(file).href), import(urlOf(module).href)])
    assert.deepEqual(Object.keys(published).sort(), Object.keys(compiled).sort(), file)
  }
})

test('a worker loads few files before its own module', () => {
  const files = loadedWith(urlOf('dist/lib/call/bootstrap.js'))
  const [index] = ENTRIES
  for (const file of loadedWith(urlOf(index.default))) files.add(file)
  assert.ok(files.size === 3, [...files].join(' '))
})

test('an error of a flow is of the class that the package exports', async () => {
  const { MillraceError } = await import('millrace')
  const { flow, lines } = await import('millrace/flow')
  const none = flow(import.meta.url).read(lines('no-such-folder/*.txt'))
  await assert.rejects(none.run({ workers: 0 }).collect(), MillraceError)
})

test('the command and all that it needs are published, and no test', async () => {
  assert.match(readFileSync(urlOf(bin.millrace), 'utf8'), /^#!\/usr\/bin\/env node\n/)
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: PROJECT_ROOT })
  const [{ files }] = JSON.parse(stdout) as { files: { path: string }[] }[]
  const published = new Set(files.map(({ path }) => path))
  const wanted = [bin.millrace, ...ENTRIES.flatMap(({ types, default: file }) => [types, file])].map((path) => path.replace('./', ''))
  for (const path of wanted) {
    assert.ok(published.has(path), path)
    if (!path.endsWith('.js')) continue
    for (const file of loadedWith(urlOf(path))) assert.ok(published.has(file.slice(PROJECT_ROOT.href.length)), file)
  }
  assert.deepEqual(
    [...published].filter((path) => /^(test|bench|src)\/|^dist\/(test|bench|examples)\//.test(path)),
    [],
  )
})
