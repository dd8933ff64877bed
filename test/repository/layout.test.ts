import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import test from 'node:test'
import { PROJECT_ROOT, readProjectFile } from '../support/root.js'

const NOT_OURS = new Set(['.git', 'node_modules', 'dist', 'coverage'])

/** Every file of the project below `folder`, as a path from the root. */
function filesBelow(folder: string): string[] {
  return readdirSync(new URL(folder || '.', PROJECT_ROOT)).flatMap((name) => {
    const path = `${folder}${name}`
    if (NOT_OURS.has(name)) return []
    return statSync(new URL(path, PROJECT_ROOT)).isDirectory() ? filesBelow(`${path}/`) : [path]
  })
}

const sources = filesBelow('src/').filter((path) => path.endsWith('.ts'))

test('every file in src/ sits on a known floor or is an entry of the package', async () => {
  const { FLOORS, ENTRIES } = await import(new URL('scripts/floors.mjs', PROJECT_ROOT).href)
  const known = new Set([...FLOORS.flat().map((floor: string) => `src/${floor}/`), ...Object.keys(ENTRIES).map((file) => `src/${file}`)])
  const homeless = sources.filter((path) => !known.has(path) && !known.has(path.split('/').slice(0, 2).join('/').concat('/')))
  assert.deepEqual(homeless, [])
})

test('no file names a path of one machine or the address of a package registry', () => {
  const folders = ['work', 'home', 'root', 'Users', 'tmp/wt'].join('|')
  const patterns = [new RegExp(`(^|[\\s'"\`(=:])(file://)?/(${folders})/\\w`, 'm'), /registry[.](npmjs|yarnpkg)/]
  for (const path of filesBelow('')) {
    const text = readProjectFile(path)
    for (const pattern of patterns) assert.doesNotMatch(text, pattern, path)
  }
})

test('only the command writes to the standard streams', () => {
  const writing = sources.filter((path) => !path.startsWith('src/cli/') && /process[.]std(out|err)[.]write/.test(readProjectFile(path)))
  assert.deepEqual(writing, [])
})
