import assert from 'node:assert/strict'
import test from 'node:test'
import { CATALOGUE, scenarioFor } from './catalogue.js'
import { simulate } from './simulate.js'

const SCHEDULES = process.env.MILLRACE_FULL ? 50 : 1
const AMPLE = 1e9
const TIGHT = 8000

for (const deadlock of CATALOGUE) {
  test(`${deadlock.name}: nobody waits for ever, whatever is wanted of it and however many work`, async () => {
    for (const workers of [2, 3, 4, 8]) {
      for (const [limit, queueBytes] of [
        [-1, AMPLE],
        [-1, TIGHT],
        [1, AMPLE],
        [30, TIGHT],
      ]) {
        for (let seed = 0; seed < SCHEDULES; seed++) {
          const variant = { workers, limit, queueBytes, seed: seed + workers }
          const { failure } = await simulate(scenarioFor(deadlock, variant))
          assert.equal(failure, undefined, JSON.stringify(variant))
        }
      }
    }
  })
}
