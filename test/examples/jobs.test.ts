import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createPool, lines, readBatches } from 'millrace/flow'
import { distancesInOneThread } from '../../examples/distances/single.js'
import { AIRPORTS, distances, FLIGHTS, flightsIn, greatCircleMiles } from '../../examples/distances/stages.js'
import { documentsIn, type Posting, postings, search, weight, wordsOf, writeIndex } from '../../examples/search/stages.js'
import { writeLog } from '../../examples/sessions/log.js'
import { sessionsInOneThread } from '../../examples/sessions/single.js'
import { parsed, type Request, sessions, sessionsOf } from '../../examples/sessions/stages.js'
import { parquetBytes } from '../flow/parquet-writer.js'
import { equalsOneThread, inProject } from './support.js'

const SAMPLE_FLIGHTS = 5000

const folder = await mkdtemp(join(tmpdir(), 'millrace-jobs-'))
const flights = join(folder, 'flights.parquet')
const pool = createPool({ workers: 2 })

before(async () => {
  await writeLog(folder, 3000, 60)
  const rows: unknown[][] = []
  for await (const batch of readBatches(flightsIn(FLIGHTS))) {
    rows.push(...batch.map(({ distance, origin, destination }) => [distance, origin, destination]))
    if (rows.length >= SAMPLE_FLIGHTS) break
  }
  const columns = [
    { name: 'distance', type: 'DOUBLE' } as const,
    { name: 'origin', type: 'BYTE_ARRAY', converted: 'UTF8' } as const,
    { name: 'destination', type: 'BYTE_ARRAY', converted: 'UTF8' } as const,
  ]
  await writeFile(flights, parquetBytes(columns, [rows.slice(0, 2000), [[100, 'JFK', '???']], rows.slice(2000, SAMPLE_FLIGHTS)]))
})
after(async () => {
  await pool.close()
  await rm(folder, { recursive: true })
})

equalsOneThread('the distances of a sample of flights', distances(flights, AIRPORTS), () => distancesInOneThread(flights, AIRPORTS), [2])

test('airlines state the great circle, to a few miles', async () => {
  assert.ok(Math.abs(greatCircleMiles(0, 0, 0, 180) - Math.PI * 3958.7613) < 1e-6)
  const routes = await distances(flights, AIRPORTS).run({ pool }).collect()
  assert.ok(routes.length > 500)
  assert.ok(routes.every(({ apart, stated }) => apart < 10 && (stated ?? 0) > 20))
})

equalsOneThread('the sessions of a small log', sessions(`${folder}/*.log`), () => sessionsInOneThread(`${folder}/*.log`), [2])

test('a session ends where nothing comes for longer than the gap', () => {
  const minute = (minutes: number, path: string): Request => ({ at: new Date(minutes * 60_000), user: 'u', path })
  const requests = [minute(0, '/a'), minute(30, '/b'), minute(60.5, '/c')]
  assert.deepEqual(
    [...sessionsOf(requests, { params: { gapMinutes: 30 } } as never)],
    [
      { user: 'u', from: new Date(0), minutes: 30, requests: 2, first: '/a', last: '/b' },
      { user: 'u', from: new Date(60.5 * 60_000), minutes: 0, requests: 1, first: '/c', last: '/c' },
    ],
  )
  assert.deepEqual(
    ['connection reset', 'yesterday u1 GET /a 200'].flatMap((text) => parsed({ text })),
    [],
  )
})

test('a search finds the documents of the project in which the words count most', async () => {
  const documents = inProject('docs/**/*.md')
  const index = join(folder, 'index')
  const parts = await writeIndex(documents, index).run({ pool }).collect()
  const all = await postings(documents).run({ pool }).collect()
  assert.equal(
    parts.reduce((sum, { rows }) => sum + rows, 0),
    all.length,
  )
  const files = await documentsIn(index).run({ pool }).collect()
  assert.equal(files.length, new Set(all.map(({ file }) => file)).size)
  const query = wordsOf('Credit of a WINDOW, nosuchword')
  const found = await search(index, query, files.length, 4).run({ pool }).collect()
  const expected = searchPlainly(all, query, files.length).slice(0, 4)
  assert.deepEqual(
    found.map(({ score, ...rest }) => ({ ...rest, score: score?.toFixed(9) })),
    expected.map(({ score, ...rest }) => ({ ...rest, score: score.toFixed(9) })),
  )
})

function searchPlainly(all: readonly Posting[], query: readonly string[], documents: number) {
  const found = all.filter(({ word }) => query.includes(word))
  const matches = new Map<string, { file: string; score: number; words: number }>()
  for (const { word, file, times } of found) {
    const match = matches.get(file) ?? { file, score: 0, words: 0 }
    match.score += weight(times, found.filter((other) => other.word === word).length, documents)
    match.words++
    matches.set(file, match)
  }
  return [...matches.values()].sort((a, b) => b.words - a.words || b.score - a.score)
}

test('the postings are the words of the documents, counted', async () => {
  const document = inProject('docs/flows.md')
  const counts = new Map<string, number>()
  for await (const batch of readBatches(lines(document)))
    for (const word of batch.flatMap(({ text }) => wordsOf(text))) counts.set(word, (counts.get(word) ?? 0) + 1)
  const rows = await postings(document).run({ pool }).collect()
  assert.deepEqual(new Map(rows.map(({ word, times }) => [word, times])), counts)
})
