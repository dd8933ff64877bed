import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeLog } from '../../examples/log-classes/log.js'
import { classesInOneThread } from '../../examples/log-classes/single.js'
import { classes } from '../../examples/log-classes/stages.js'
import { temporaryFolder, writeFiles } from '../flow-run/support.js'
import { readProjectFile } from '../support/root.js'
import revenue from './fixtures/docs/revenue.js'
import slow from './fixtures/docs/slow.js'

const FIXTURES = 'test/sql/fixtures/docs'
const cwd = temporaryFolder()

test('every block of code in docs/sql.md is a module that compiles', () => {
  const blocks = [...readProjectFile('docs/sql.md').matchAll(/```(\w*)\n(.*?)```/gs)]
  assert.equal(blocks.length, 2)
  for (const [, language, text] of blocks) {
    const [, name, code] = /^\/\/ (\S+)\n(.*)$/s.exec(text as string) ?? []
    assert.equal(language, 'ts')
    assert.equal(code, readProjectFile(`${FIXTURES}/${name}`), `${name} differs from ${FIXTURES}/${name}`)
  }
})

test('a statement over a flow, as on the page', async () => {
  await writeFiles(cwd, { 'logs/empty.jsonl': '' })
  assert.deepEqual(await slow.run({ workers: 1, cwd }).collect(), [])
  await writeFiles(cwd, {
    'logs/a.jsonl': '{"url":"/a?browser=x","ms":100}\n{"url":"/a?browser=y","ms":300}\n{"url":"/","ms":101}\n',
    'logs/b.jsonl': '{"url":"/b?browser=y","ms":200}\n',
  })
  assert.deepEqual(await slow.run({ workers: 2, cwd }).collect(), [
    { browser: 'y', n: 2, worst: 300 },
    { browser: 'none', n: 1, worst: 101 },
  ])
})

test('a source, a function and a statement in every worker, as on the page', async (t) => {
  await writeFiles(cwd, { 'orders/a.csv': 'customer,cents\nann,100\nbob,5\nann,-3\n', 'orders/b.csv': 'customer,cents\nann,50\n' })
  const before = process.cwd()
  process.chdir(cwd)
  t.after(() => process.chdir(before))
  assert.deepEqual(await revenue.run({ workers: 2 }).collect(), [
    { customer: 'ann', cents: 180n },
    { customer: 'bob', cents: 6n },
  ])
})

test('the example equals its program of one thread, and both workers have rows', async () => {
  await writeLog(cwd, 6000)
  const run = classes(`${cwd}/*.log`, 20).run({ workers: 2 })
  const found = await run.collect()
  assert.equal(found.length, 15)
  assert.deepEqual(found, await classesInOneThread(`${cwd}/*.log`, 20))
  assert.match(await classes('x', 1).explain(), /a DuckDB in each worker.*map classified.*hash by service.*a DuckDB in each worker/s)
})
