import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { jsonl, lines, readBatches } from 'millrace/flow'

let cwd: string
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'millrace-read-'))
})
after(() => rm(cwd, { recursive: true }))

test('rows come in the order of files and lines, in batches of at most 1024', async () => {
  await writeFile(join(cwd, 'b.txt'), 'last')
  await writeFile(join(cwd, 'a.txt'), Array.from({ length: 2500 }, (_, index) => `${index}\r\n`).join(''))
  const sizes: number[] = []
  const texts: string[] = []
  for await (const batch of readBatches(lines('*.txt'), { cwd })) {
    sizes.push(batch.length)
    texts.push(...batch.map((line) => line.text))
  }
  assert.deepEqual(texts, [...Array.from({ length: 2500 }, (_, index) => String(index)), 'last'])
  assert.deepEqual(sizes, [1024, 1024, 453])
})

test('a reader can leave early, and one that finds nothing gives no batch', async () => {
  await writeFile(join(cwd, 'many.jsonl'), '{"n":1}\n'.repeat(5000))
  for await (const batch of readBatches(jsonl<{ n: number }>('many.jsonl'), { cwd })) {
    assert.equal(batch[0]?.n, 1)
    break
  }
  for await (const _ of readBatches(lines('*.none', { allowEmpty: true }), { cwd })) assert.fail('there is no file')
})

test('errors of the source reach the reader', async () => {
  await writeFile(join(cwd, 'bad.jsonl'), '{"n":1}\nnot json\n')
  const readAll = async () => {
    for await (const _ of readBatches(jsonl('bad.jsonl'), { cwd }));
  }
  await assert.rejects(readAll, { code: 'SourceLine', file: 'bad.jsonl', offset: 8 })
})
