import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { before, describe, test } from 'node:test'
import { readBatches } from 'millrace/flow'
import { worstRoutesInOneThread } from '../../examples/flights/single.js'
import { FLIGHTS, type Flight, flightsIn, worstRoutes } from '../../examples/flights/stages.js'
import { countInOneThread, ordered } from '../../examples/word-pairs/single.js'
import { countPairs } from '../../examples/word-pairs/stages.js'
import { parquetBytes, type TestColumn } from '../flow/parquet-writer.js'
import { randomWords } from '../support/random.js'
import { rowsOf, temporaryFolder, useWays, WORKERS, writeFiles } from './support.js'

const FULL = process.env.MILLRACE_FULL === '1'

const folder = temporaryFolder()
const { ways } = useWays(FULL ? WORKERS : [2])

/** Words of which some are frequent, in files of many sizes. */
function text(seed: number, words: number): string {
  const random = randomWords(seed + 1)
  const out: string[] = []
  for (let word = 0; word < words; word++) {
    const rank = Math.floor(2000 ** (random() / 2 ** 32))
    out.push(
      rank
        .toString(26)
        .replace(/[0-9]/g, (digit) => 'qrstuvwxyz'[Number(digit)] as string)
        .padStart(3, 'a'),
    )
    out.push(word % 11 === 10 ? '\n' : ' ')
  }
  return out.join('')
}

before(async () => {
  const sizes = FULL ? [1, 100, 4_000_000, 300_000, 50_000] : [1, 100, 14_000, 8_000, 2000]
  await writeFiles(folder, Object.fromEntries(sizes.map((words, index) => [`${index}.txt`, text(index, words)])))
})

describe('the examples equal their programs of one thread, in full and in order', () => {
  test('word pairs', async () => {
    const patterns = `${folder}/*.txt`
    const expected = ordered(await countInOneThread(patterns))
    assert.ok(expected.length > 5000)
    for (const way of ways) assert.deepEqual(await rowsOf(countPairs(patterns), way.options), expected, way.name)
  })

  test('flights', async () => {
    const file = FULL ? FLIGHTS : await sample()
    const expected = await worstRoutesInOneThread(file)
    assert.ok(expected.length > 10)
    for (const way of ways) assert.deepEqual(await rowsOf(worstRoutes(file), way.options), expected, way.name)
  })
})

const SAMPLE_ROWS = 50_000

/** The first flights, in a file of four row groups. */
async function sample(): Promise<string> {
  const flights: Flight[] = []
  for await (const batch of readBatches(flightsIn(FLIGHTS))) {
    flights.push(...batch)
    if (flights.length >= SAMPLE_ROWS) break
  }
  const rows = flights.map(({ delay, origin, destination }) => [delay, origin, destination])
  const quarter = Math.ceil(rows.length / 4)
  const groups = [0, 1, 2, 3].map((group) => rows.slice(group * quarter, (group + 1) * quarter))
  const columns: TestColumn[] = [
    { name: 'delay', type: 'DOUBLE' },
    { name: 'origin', type: 'BYTE_ARRAY', converted: 'UTF8' },
    { name: 'destination', type: 'BYTE_ARRAY', converted: 'UTF8' },
  ]
  const file = `${folder}/flights.parquet`
  await writeFile(file, parquetBytes(columns, groups))
  return file
}
