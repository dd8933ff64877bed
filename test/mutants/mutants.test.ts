import assert from 'node:assert/strict'
import test from 'node:test'
import { scenarioOf } from '../simulation/scenario.js'
import { simulate } from '../simulation/simulate.js'
import { MUTANTS } from './mutants.js'

const SEEDS = 500

for (const { name, plant } of MUTANTS) {
  test(`the simulation finds it where ${name}`, async (t) => {
    const remove = plant()
    try {
      for (let seed = 0; seed < SEEDS; seed++) {
        const { failure } = await simulate(scenarioOf(seed))
        if (failure === undefined) continue
        t.diagnostic(`seed ${seed}: ${failure.split('\n')[0]}`)
        return
      }
      assert.fail(`not within ${SEEDS} seeds`)
    } finally {
      remove()
    }
  })
}
