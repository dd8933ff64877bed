import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { PROJECT_ROOT, readProjectFile } from '../support/root.js'

const inProject = (path: string): string => fileURLToPath(new URL(path, PROJECT_ROOT))

test('what docs/compatibility.md tells of is checked, and holds here', async () => {
  const rows = readProjectFile('docs/compatibility.md')
    .split('\n')
    .filter((line) => /^\| [^-]/.test(line))
    .map((line) => line.split('|')[1].trim())
    .filter((name) => name !== '')
  const folder = await mkdtemp(inProject('dist/compat-'))
  try {
    await cp(inProject('scripts/compat'), folder, { recursive: true })
    const { stdout } = await promisify(execFile)(process.execPath, ['checks.mjs'], { cwd: folder })
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; failure?: string })
    assert.deepEqual([...results.map(({ name }) => name), 'the process ends by itself'], rows)
    const failed = results.filter(({ failure }) => failure !== undefined).map(({ failure }) => failure?.split(':')[0])
    assert.deepEqual(failed, 'typescript' in process.features && process.features.typescript !== false ? [] : ['TypeScriptUnsupported'])
    const ended = await promisify(execFile)(process.execPath, [join(folder, 'ends.mjs')], { timeout: 60_000 })
    assert.equal(ended.stdout, '3,7\n')
  } finally {
    await rm(folder, { recursive: true })
  }
})
