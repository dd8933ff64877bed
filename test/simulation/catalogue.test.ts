import assert from 'node:assert/strict'
import test from 'node:test'
import { CATALOGUE, scenarioFor } from './catalogue.js'
import { simulate } from './simulate.js'

const FULL = process.env.MILLRACE_FULL === '1'
const SCHEDULES = FULL ? 50 : 1
const AMPLE = 1e9
const TIGHT = 8000
/** How many rows are wanted (-1: all), what may be queued, and whether there is a disk for the rest. */
const KINDS = [
  [-1, AMPLE, 'none'],
  [-1, TIGHT, 'none'],
  [-1, TIGHT, 'ample'],
  [5, AMPLE, 'none'],
] as const

for (const deadlock of CATALOGUE) {
  test(`${deadlock.name}: nobody waits for ever, whatever is wanted of it and however many work`, async () => {
    for (const workers of FULL ? [2, 3, 4, 8] : [2, 4]) {
      for (const [limit, queueBytes, disk] of KINDS) {
        for (let seed = 0; seed < SCHEDULES; seed++) {
          const variant = { workers, limit, queueBytes, disk, seed: seed + workers }
          const { failure } = await simulate(scenarioFor(deadlock, variant))
          assert.equal(failure, undefined, JSON.stringify(variant))
        }
      }
    }
  })
}
