/** npm run bench [-- --json] [--only NAME]... [--rounds N]: exits with 1 where a figure is below its floor. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benches as columns } from './columnar.js'
import { benches as flights } from './flights.js'
import { type Bench, holds, machine } from './harness.js'
import { benches as idle } from './idle.js'
import { benches as limit } from './limit.js'
import { benches as mesh } from './mesh.js'
import { asJson, asText } from './print.js'
import { benches as ring } from './ring.js'
import { benches as ringAtomics } from './ring-atomics.js'
import { benches as streams } from './streams.js'
import { benches as wordPairs } from './word-pairs.js'

const GROUPS: readonly (readonly Bench[])[] = [ring, ringAtomics, streams, mesh, wordPairs, limit, idle, flights, columns]
const ROUNDS = 5

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string', default: String(ROUNDS) },
    untitled: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const isChosen = ({ name }: Bench): boolean => values.only === undefined || values.only.includes(name)
const chosen = GROUPS.map((group) => group.filter(isChosen)).filter((group) => group.length > 0)
if (chosen.length === 0 || !(rounds >= 1)) {
  console.error(
    `bench: --only takes a name (${GROUPS.flat()
      .map((bench) => bench.name)
      .join(', ')}), --rounds a number from 1`,
  )
  process.exit(2)
}

if (!values.json && !values.untitled) console.log(`${machine()}; ${rounds} interleaved rounds; median (least to greatest)`)
if (chosen.length === 1) for (const bench of chosen[0] as readonly Bench[]) await measure(bench)
else for (const group of chosen) measureApart(group)

async function measure(bench: Bench): Promise<void> {
  const figure = await bench.run(rounds)
  console.log(values.json ? asJson(bench, figure) : asText(bench, figure))
  if (!holds(bench, figure, 'floor')) process.exitCode = 1
}

/** In a process of their own: what other benches taught the optimizer must not bear on these. */
function measureApart(group: readonly Bench[]): void {
  const options = [...group.flatMap(({ name }) => ['--only', name]), '--rounds', String(rounds), values.json ? '--json' : '--untitled']
  const { status } = spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), ...options], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
