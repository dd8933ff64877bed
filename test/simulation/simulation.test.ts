import assert from 'node:assert/strict'
import test from 'node:test'
import { rescheduled, scenarioOf } from './scenario.js'
import { simulate } from './simulate.js'

/** Failed once: a source that looked at its control ring between a turn and the second look freed room and told nobody. */
const FAR = scenarioOf(1029530)
const SCHEDULES = 20
const SEEDS = process.env.MILLRACE_FULL ? 5000 : 150

test('whatever the order of steps, crashes, cancels and errors, a query and calls give the rows of a serial run or the error that was injected', async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const { failure } = await simulate(scenarioOf(seed))
    assert.equal(failure, undefined, `npm run simulate -- --seeds 1 --seed ${seed}`)
  }
  for (let seed = 0; seed < SCHEDULES; seed++) assert.equal((await simulate(rescheduled(FAR, seed))).failure, undefined, `schedule ${seed}`)
})

test('a run follows from its scenario alone', async () => {
  for (const seed of [3, 14, 159]) {
    const scenario = scenarioOf(seed)
    const [first, second] = [await simulate(scenario, true), await simulate(JSON.parse(JSON.stringify(scenario)), true)]
    assert.deepEqual(first, second)
  }
})
