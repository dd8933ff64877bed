import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { worstRoutesInOneThread } from '../../examples/flights/single.js'
import { FLIGHTS, worstRoutes } from '../../examples/flights/stages.js'
import { countInOneThread, ordered } from '../../examples/word-pairs/single.js'
import { countPairs } from '../../examples/word-pairs/stages.js'
import { seeded } from '../support/test-loop.js'
import { rowsOf, temporaryFolder, useWays, writeFiles } from './support.js'

const FULL = process.env.MILLRACE_FULL === '1'

const folder = temporaryFolder()
const { ways } = useWays()

/** Words of which some are frequent, in files of many sizes. */
function text(seed: number, words: number): string {
  const random = seeded(seed)
  const out: string[] = []
  for (let word = 0; word < words; word++) {
    const rank = Math.floor(2000 ** random())
    out.push(rank.toString(26).replace(/[0-9]/g, (digit) => 'qrstuvwxyz'[Number(digit)] as string).padStart(3, 'a'))
    out.push(word % 11 === 10 ? '\n' : ' ')
  }
  return out.join('')
}

before(async () => {
  const sizes = FULL ? [1, 100, 4_000_000, 300_000, 50_000] : [1, 100, 60_000, 20_000, 5000]
  await writeFiles(folder, Object.fromEntries(sizes.map((words, index) => [`${index}.txt`, text(index, words)])))
})

describe('the examples equal their programs of one thread, in full and in order', () => {
  test('word pairs', async () => {
    const patterns = `${folder}/*.txt`
    const expected = ordered(await countInOneThread(patterns))
    assert.ok(expected.length > 10_000)
    for (const way of ways) assert.deepEqual(await rowsOf(countPairs(patterns), way.options), expected, way.name)
  })

  test('flights', async () => {
    const expected = await worstRoutesInOneThread(FLIGHTS)
    for (const way of FULL ? ways : ways.slice(-1)) {
      assert.deepEqual(await rowsOf(worstRoutes(FLIGHTS), way.options), expected, way.name)
    }
  })
})
