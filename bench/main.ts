/** npm run bench [-- --json] [--only NAME]... [--rounds N]: exits with 1 where a figure is below its floor. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Bench, holds, machine } from './harness.js'
import { asJson, asText } from './print.js'

const GROUPS = [
  'ring',
  'ring-atomics',
  'streams',
  'calls',
  'mesh',
  'word-pairs',
  'limit',
  'flows',
  'processes',
  'sql',
  'idle',
  'flights',
  'columnar',
]
const ROUNDS = 5

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string', default: String(ROUNDS) },
    group: { type: 'string' },
  },
})
const rounds = Number(values.rounds)

async function benchesOf(group: string): Promise<readonly Bench[]> {
  return ((await import(`./${group}.js`)) as { benches: readonly Bench[] }).benches
}

/** The benches of one group that were asked for, in this process, which loads no others. */
async function measure(group: string): Promise<void> {
  for (const bench of await benchesOf(group)) {
    if (values.only !== undefined && !values.only.includes(bench.name)) continue
    const figure = await bench.run(rounds)
    console.log(values.json ? asJson(bench, figure) : asText(bench, figure))
    if (!holds(bench, figure, 'floor')) process.exitCode = 1
  }
}

/** What one group loads, and teaches the optimizer, must not bear on the next. */
function measureApart(group: string): void {
  const options = [...process.argv.slice(2), '--group', group]
  const { status } = spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), ...options], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}

async function measureAll(): Promise<void> {
  const names = (await Promise.all(GROUPS.map(async (group) => (await benchesOf(group)).map(({ name }) => name)))).flat()
  const unknown = values.only?.filter((name) => !names.includes(name)) ?? []
  if (unknown.length > 0 || !(rounds >= 1)) {
    console.error(`bench: --only takes a name (${names.join(', ')}), --rounds a number from 1`)
    process.exit(2)
  }
  if (!values.json) console.log(`${machine()}; ${rounds} interleaved rounds; median (least to greatest)`)
  for (const group of GROUPS) measureApart(group)
}

if (values.group === undefined) await measureAll()
else await measure(values.group)
