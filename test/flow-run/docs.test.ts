import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { flow, parquet } from 'millrace/flow'
import { readProjectFile } from '../support/root.js'
import { sorted, temporaryFolder, writeFiles } from './support.js'

const FIXTURES = 'test/flow-run/fixtures/docs'
const folder = temporaryFolder()

test('every block of code in docs/flows.md is a module that compiles', () => {
  const page = readProjectFile('docs/flows.md')
  const blocks = [...page.matchAll(/```(\w*)\n(.*?)```/gs)].map(([, language, text]) => ({ language, text: text as string }))
  assert.equal(blocks.length, 6)
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

test('the sessions of the page', async () => {
  const minute = 60_000
  const clicks = [0, 10, 39, 70, 100].map((at) => ({ user: 'a', at: at * minute }))
  await writeFiles(folder, {
    'clicks/a.jsonl': [clicks[3], { user: 'b', at: 5 }, clicks[0], clicks[4]].map((click) => `${JSON.stringify(click)}\n`).join(''),
    'clicks/b.jsonl': [clicks[2], clicks[1]].map((click) => `${JSON.stringify(click)}\n`).join(''),
  })
  const { default: job } = await import('./fixtures/docs/sessions.js')
  assert.deepEqual(sorted(await job.run({ workers: 2, cwd: folder }).collect()), [
    { user: 'a', from: 0, clicks: 3 },
    { user: 'a', from: 70 * minute, clicks: 2 },
    { user: 'b', from: 5, clicks: 1 },
  ])
})

test('the nightly job of the page', async () => {
  await writeFiles(folder, { 'visits/a.csv': 'page,seconds,user\n/a,0,u\n/b,many,u\n', 'visits/b.csv': 'page,seconds,user\n/c,0,\n' })
  const { default: job } = await import('./fixtures/docs/nightly.js')
  for (const _night of [1, 2]) {
    const run = job.run({ workers: 2, cwd: folder })
    assert.equal(
      (await run.collect()).reduce((sum, { rows }) => sum + rows, 0),
      2,
    )
    assert.equal(run.stats().rowsSkipped, 1)
    const rows = await flow(new URL('./stages/basic.js', import.meta.url))
      .read(parquet(`${folder}/scored/*.parquet`))
      .run({ workers: 0 })
      .collect()
    assert.deepEqual(sorted(rows), [
      { page: '/a', score: 0, known: true },
      { page: '/c', score: 0, known: false },
    ])
  }
})

test('the reports of the page', async () => {
  const sale = (shop: string, product: string, cents: number): string => `${JSON.stringify({ shop, product, cents })}\n`
  await writeFiles(folder, {
    'sales/a.jsonl': sale('north', 'tea', 450) + sale('south', 'cups', 1225) + sale('north', 'pot', 3000),
    'sales/b.jsonl': sale('south', 'tea', 475),
  })
  const report = fileURLToPath(new URL('./fixtures/docs/report.js', import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [report], { cwd: folder, timeout: 20_000 })
  const lines = stdout.split('\n').slice(0, -1)
  assert.deepEqual(
    lines.filter((line) => /^(north|south)/.test(line)),
    ['north 34.5', 'south 17'],
  )
  assert.deepEqual(
    lines.filter((line) => /^large/.test(line)),
    ['large: pot', 'large: cups'],
  )
  assert.deepEqual([lines.length, lines.at(-1), stderr], [5, '4', ''])
  assert.equal((await readFile(`${folder}/archive.jsonl`, 'utf8')).split('\n').length, 5)
})
