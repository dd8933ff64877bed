/** npm run bench [-- --json] [--only NAME]... [--rounds N]: exits with 1 where a figure is below its floor. */
import { parseArgs } from 'node:util'
import { benches as columns } from './columnar.js'
import { benches as flights } from './flights.js'
import { type Bench, holds, machine } from './harness.js'
import { benches as idle } from './idle.js'
import { benches as limit } from './limit.js'
import { asJson, asText } from './print.js'
import { benches as ring } from './ring.js'
import { benches as ringAtomics } from './ring-atomics.js'
import { benches as streams } from './streams.js'
import { benches as wordPairs } from './word-pairs.js'

const ALL: readonly Bench[] = [...ring, ...ringAtomics, ...streams, ...wordPairs, ...limit, ...idle, ...flights, ...columns]
const ROUNDS = 5

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string', default: String(ROUNDS) },
  },
})
const rounds = Number(values.rounds)
const chosen = values.only === undefined ? ALL : ALL.filter((bench) => values.only?.includes(bench.name))
if (chosen.length === 0 || !(rounds >= 1)) {
  console.error(`bench: --only takes a name (${ALL.map((bench) => bench.name).join(', ')}), --rounds a number from 1`)
  process.exit(2)
}

if (!values.json) console.log(`${machine()}; ${rounds} interleaved rounds; median (least to greatest)`)
for (const bench of chosen) {
  const figure = await bench.run(rounds)
  console.log(values.json ? asJson(bench, figure) : asText(bench, figure))
  if (!holds(bench, figure, 'floor')) process.exitCode = 1
}
