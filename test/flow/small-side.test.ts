import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { arrow, csv, type Flow, flow, jsonl, lines } from '../../src/flow.js'
import { useOwnTemporaryFolder } from '../support/own-temporary-folder.js'
import { words } from './stages.js'

const folder = useOwnTemporaryFolder()
const MIB = 1024 * 1024
const start = flow('file:///stages.js')

type Word = { word: string; size: number }
const left = (): Flow<Word> => start.read(jsonl<Word>('left.jsonl'))
const right = (...names: string[]): Flow<Word> => start.read(jsonl<Word>(names.map((name) => `${folder}/${name}`)))

async function exchangeOf(side: Flow<Word>, options: { exchange?: 'hash' | 'broadcast' } = {}): Promise<string> {
  const plan = await left()
    .join(side, { on: 'word', kind: 'semi', ...options })
    .plan()
  const join = plan.stages.flatMap(({ operators }) => operators).find(({ op }) => op === 'join') as { right: number }
  return plan.stages[join.right].output.exchange
}

test('the right side of a join goes to every worker where its files are few, named and small', async () => {
  writeFileSync(`${folder}/small.jsonl`, 'x'.repeat(2 * MIB))
  writeFileSync(`${folder}/also.jsonl`, 'x'.repeat(2 * MIB))
  writeFileSync(`${folder}/one.jsonl`, 'x')
  writeFileSync(`${folder}/packed.jsonl.gz`, 'x'.repeat(MIB / 2 + 1))
  assert.equal(await exchangeOf(right('small.jsonl')), 'broadcast')
  assert.equal(await exchangeOf(right('small.jsonl', 'also.jsonl')), 'broadcast')
  assert.equal(await exchangeOf(right('small.jsonl', 'also.jsonl', 'one.jsonl')), 'hash')
  assert.equal(await exchangeOf(right('*.jsonl')), 'hash')
  assert.equal(await exchangeOf(right('none.jsonl')), 'hash')
  assert.equal(await exchangeOf(right('')), 'hash')
  assert.equal(await exchangeOf(right('packed.jsonl.gz')), 'hash')
  assert.equal(await exchangeOf(start.read(arrow<Word>(`${folder}/packed.jsonl.gz`))), 'hash')
})

test('what steps may make more of is not called small, and what was asked for is done', async () => {
  const small = right('one.jsonl')
  assert.equal(await exchangeOf(small.filter(isAny).sort('word').limit(5).distinct()), 'broadcast')
  assert.equal(await exchangeOf(small.union(small)), 'hash')
  const many = start.read(lines(`${folder}/one.jsonl`)).flatMap(words, { params: { min: 1 } })
  assert.equal(await exchangeOf(many), 'hash')
  assert.equal(await exchangeOf(small, { exchange: 'hash' }), 'hash')
  assert.equal(await exchangeOf(right('*.jsonl'), { exchange: 'broadcast' }), 'broadcast')
  assert.equal(await exchangeOf(start.read(csv<Word>(`${folder}/one.jsonl`))), 'broadcast')
  assert.throws(() => left().join(small, { on: 'word', kind: 'semi', exchange: 'none' as 'hash' }), {
    code: 'InvalidArgument',
    message: /give 'hash' or 'broadcast'/,
  })
})

function isAny(row: Word): boolean {
  return row.size > 0
}
