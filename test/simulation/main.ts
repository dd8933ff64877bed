/**
 * npm run simulate -- --seeds N [--seed S] [--trace]
 *
 * Runs the scenarios of N seeds, from seed S on (0 by default), and stops at the first that fails: prints its seed, the smallest
 * scenario like it that fails too, and what happened in that, step by step.
 */
import { parseArgs } from 'node:util'
import { scenarioOf } from './scenario.js'
import { shrink } from './shrink.js'
import { simulate } from './simulate.js'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    seed: { type: 'string', default: '0' },
    trace: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const count = Number(values.seeds)
const began = performance.now()
let steps = 0

for (let seed = first; seed < first + count; seed++) {
  const outcome = await simulate(scenarioOf(seed), values.trace)
  steps += outcome.steps
  if (values.trace) console.log(outcome.trace.join('\n'))
  if (outcome.failure === undefined) continue
  console.log(`seed ${seed} fails: ${outcome.failure}\n`)
  const smallest = await shrink(scenarioOf(seed))
  const again = await simulate(smallest, true)
  console.log(`the smallest scenario like it:\n${JSON.stringify(smallest, undefined, 1)}\n`)
  console.log(
    `what happens in it:\n${again.trace.join('\n')}\n\nit fails: ${again.failure}\n\nnpm run simulate -- --seeds 1 --seed ${seed}`,
  )
  process.exitCode = 1
  break
}

const seconds = (performance.now() - began) / 1000
if (process.exitCode === undefined)
  console.log(`${count} seeds from ${first}: all well; ${steps} steps, ${(count / seconds).toFixed(0)} seeds/s`)
