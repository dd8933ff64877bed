import assert from 'node:assert/strict'
import test from 'node:test'
import { rescheduled, type Scenario, scenarioOf } from '../simulation/scenario.js'
import { shrink } from '../simulation/shrink.js'
import { simulate } from '../simulation/simulate.js'
import { MUTANTS, type Mutant } from './mutants.js'

const SEEDS = 500

/** The first that fails of some, then of the first seeds. */
async function firstFailing(known: readonly Scenario[] = []): Promise<Scenario | undefined> {
  for (const scenario of known) if (await fails(scenario)) return scenario
  for (let seed = 0; seed < SEEDS; seed++) if (await fails(scenarioOf(seed))) return scenarioOf(seed)
  return undefined
}

async function fails(scenario: Scenario): Promise<boolean> {
  return (await simulate(scenario)).failure !== undefined
}

function knownOf({ seed, schedule }: Mutant): Scenario[] {
  if (seed === undefined) return []
  return [schedule === undefined ? scenarioOf(seed) : rescheduled(scenarioOf(seed), schedule)]
}

for (const mutant of MUTANTS) {
  test(`the simulation finds it where ${mutant.name}`, async () => {
    const remove = mutant.plant()
    try {
      assert.notEqual(await firstFailing(knownOf(mutant)), undefined, `not within ${SEEDS} seeds`)
    } finally {
      remove()
    }
  })
}

test('a scenario that fails shrinks to a smaller one that fails too, and both are well once the fault is gone', async () => {
  const [{ plant }] = MUTANTS.filter(({ name }) => name.startsWith('starving'))
  const remove = plant()
  const whole = (await firstFailing().catch(() => undefined)) ?? scenarioOf(0)
  const least = await shrink(whole)
  const again = await simulate(least)
  remove()
  assert.ok(JSON.stringify(least).length < JSON.stringify(whole).length)
  assert.notEqual(again.failure, undefined)
  for (const scenario of [whole, least]) assert.equal((await simulate(scenario)).failure, undefined)
})
