import assert from 'node:assert/strict'
import test from 'node:test'
import { scenarioOf } from '../simulation/scenario.js'
import { shrink } from '../simulation/shrink.js'
import { simulate } from '../simulation/simulate.js'
import { MUTANTS } from './mutants.js'

const SEEDS = 500

/** The first seed that fails, the known one tried before the others. */
async function firstFailing(known = 0): Promise<number | undefined> {
  for (const seed of [known, ...Array(SEEDS).keys()]) if ((await simulate(scenarioOf(seed))).failure !== undefined) return seed
  return undefined
}

for (const { name, plant, seed } of MUTANTS) {
  test(`the simulation finds it where ${name}`, async () => {
    const remove = plant()
    try {
      assert.notEqual(await firstFailing(seed), undefined, `not within ${SEEDS} seeds`)
    } finally {
      remove()
    }
  })
}

test('a scenario that fails shrinks to a smaller one that fails too, and both are well once the fault is gone', async () => {
  const [{ plant }] = MUTANTS.filter(({ name }) => name.startsWith('starving'))
  const remove = plant()
  const seed = await firstFailing().catch(() => undefined)
  const whole = scenarioOf(seed ?? 0)
  const least = await shrink(whole)
  const again = await simulate(least)
  remove()
  assert.ok(JSON.stringify(least).length < JSON.stringify(whole).length)
  assert.notEqual(again.failure, undefined)
  for (const scenario of [whole, least]) assert.equal((await simulate(scenario)).failure, undefined)
})
