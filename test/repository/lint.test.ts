import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { PROJECT_ROOT } from '../support/root.js'

const inProject = (path: string) => fileURLToPath(new URL(path, PROJECT_ROOT))

/** Lints `files` (text by path) with the project's rules as if they stood in the project; gives back `path: rule` lines. */
function lint(files: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-lint-'))
  try {
    for (const name of ['biome.json', '.gitignore']) copyFileSync(inProject(name), join(folder, name))
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const biome = inProject('node_modules/@biomejs/biome/bin/biome')
    const { stdout } = spawnSync(process.execPath, [biome, 'lint', '--reporter=json', '--max-diagnostics=none'], {
      cwd: folder,
      encoding: 'utf8',
    })
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] }
    return diagnostics.map(({ category, location }) => `${location.path}: ${category.split('/').at(-1)}`).sort()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const sameIn = (paths: readonly string[], text: string) => Object.fromEntries(paths.map((path) => [path, text]))

test('shared words are touched on the floors memory and ring only', () => {
  const allowed = ['src/memory/x.ts', 'src/ring/x.ts', 'test/ring/x.ts']
  const refused = ['src/base/x.ts', 'src/cli/x.ts', 'src/flow.ts', 'src/stream/x.ts']
  const found = lint(sameIn([...allowed, ...refused], 'export const x = Atomics.load(new Int32Array(1), 0)\n'))
  assert.deepEqual(
    found,
    refused.map((path) => `${path}: noRestrictedGlobals`),
  )
})

test('only the floor cli prints', () => {
  const allowed = ['bench/x.ts', 'examples/x/main.ts', 'scripts/x.mjs', 'src/cli/x.ts']
  const refused = ['src/base/x.ts', 'src/flow.ts', 'src/testing/x.ts']
  assert.deepEqual(
    lint(sameIn([...allowed, ...refused], 'console.log(1)\n')),
    refused.map((path) => `${path}: noConsole`),
  )
})

test('a circle of imports is refused, of types too', () => {
  const found = lint({
    'src/base/a.ts': `import type { B } from './b.js'\nexport type A = B | 1\n`,
    'src/base/b.ts': `import type { A } from './a.js'\nexport type B = A[]\n`,
    'src/base/c.ts': `import type { A } from './a.js'\nexport type C = A\n`,
  })
  assert.deepEqual(found, ['src/base/a.ts: noImportCycles', 'src/base/b.ts: noImportCycles'])
})
