import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { asc, desc, explainAll, flow, jsonl, lines, parquet } from '../../src/flow.js'
import { loadRanks, ranked, shout, words } from './stages.js'

const GOLDEN = new URL('../../../test/golden/', import.meta.url)
const start = flow('file:///stages.js')
const counted = start
  .read(lines(['docs/**/*.md', '!docs/old/**']))
  .flatMap(words, { params: { min: 3 } })
  .groupBy('word', (a) => ({ n: a.count() }))

function late(row: { mean: number | null }): boolean {
  return (row.mean ?? 0) > 1
}

const JOBS = {
  'explain-top': counted.sort(desc('n'), asc('word')).limit(10),
  'explain-sort': counted.sort('word'),
  'explain-limit': start
    .read(lines('a.txt'))
    .flatMap(words, { params: { min: 3 } })
    .limit(5),
  'explain-middle': start
    .read(jsonl<{ word: string }>('w.jsonl', { allowEmpty: true }))
    .map(ranked, { setup: loadRanks })
    .limit(100)
    .map(shout, { params: { from: 'a "b"', big: 5n, rate: Number.NaN } })
    .exchange.hash('word')
    .map(shout),
  'explain-flights': start
    .read(parquet('flights.parquet', { columns: { delay: 'float64', origin: 'utf8', note: 'utf8?' } }))
    .groupBy(['origin', 'note'], (a) => ({
      n: a.count(),
      total: a.sum('delay'),
      mean: a.avg('delay'),
      lo: a.min('delay'),
      hi: a.max('delay'),
    }))
    .filter(late),
  'explain-join': counted
    .join(start.read(jsonl<{ name: string; rank: number }>('ranks.jsonl')).limit(1000), {
      on: { word: 'name' },
      kind: 'left',
      suffix: '_r',
    })
    .join(start.read(jsonl<{ word: string }>('stop.jsonl')), { on: 'word', kind: 'anti', exchange: 'broadcast' })
    .sort('word'),
  'explain-union': counted
    .union(start.read(jsonl<{ word: string; n: number }>('more.jsonl')))
    .distinct()
    .exchange.roundRobin(),
}

for (const [name, job] of Object.entries(JOBS)) {
  test(`explain gives the text of ${name}.txt`, async () => {
    assert.equal(await job.explain(), await readFile(new URL(`${name}.txt`, GOLDEN), 'utf8'))
  })
}

test('explainAll shows what several flows share, and where they part', async () => {
  const read = start.read(lines('a.txt')).flatMap(words, { params: { min: 3 } })
  const text = await explainAll([read.groupBy('word', (a) => ({ n: a.count() })), read.sort('word').limit(3), read.limit(5)])
  assert.equal(text, await readFile(new URL('explain-all.txt', GOLDEN), 'utf8'))
})
