import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readProjectFile } from '../support/root.js'
import { temporaryFolder, writeFiles } from './support.js'

const FIXTURES = 'test/flow-run/fixtures/docs'
const folder = temporaryFolder()

test('every block of code in docs/flows.md is a module that compiles', () => {
  const page = readProjectFile('docs/flows.md')
  const blocks = [...page.matchAll(/```(\w*)\n(.*?)```/gs)].map(([, language, text]) => ({ language, text: text as string }))
  assert.equal(blocks.length, 2)
  for (const { language, text } of blocks) {
    const [, name, code] = /^\/\/ (\S+)\n(.*)$/s.exec(text) ?? []
    assert.equal(language, 'ts')
    assert.equal(code, readProjectFile(`${FIXTURES}/${name}`), `${name} differs from ${FIXTURES}/${name}`)
  }
})

test('and does what the page says', async () => {
  await writeFiles(folder, {
    'logs/a.jsonl': '{"path":"/a/b","ms":100}\n{"path":"/a","ms":300}\n{"path":"/c","ms":99}\n',
    'logs/b.jsonl': '{"path":"/c/d","ms":200,"user":null}\n',
  })
  const main = fileURLToPath(new URL('./fixtures/docs/main.js', import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main], { cwd: folder, timeout: 20_000 })
  assert.deepEqual([stdout, stderr], ['a 2 300\nc 1 200\n4\n', ''])
})
