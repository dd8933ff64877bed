/** Counts word pairs in the text below node_modules on all cores, then in this thread, and compares. */
import { measured } from '../support/measured.ts'
import { comparison, summary, table } from '../support/report.ts'
import { workersFromArguments } from '../support/workers.ts'
import { countInOneThread, ordered } from './single.ts'
import countPairs, { TEXT } from './stages.ts'

const ENOUGH_BYTES = 30e6

const run = countPairs.run(workersFromArguments())
const flow = await measured(() => run.collect())
const stats = run.stats()

console.log(`${(stats.bytesIn / 1e6).toFixed(1)} MB of text in ${TEXT}: ${flow.result.length.toLocaleString('en-US')} distinct pairs`)
if (stats.bytesIn < ENOUGH_BYTES)
  console.log(`That is less than ${ENOUGH_BYTES / 1e6} MB: the times below say little. Are the development packages installed?`)
console.log(`\n${table(flow.result.slice(0, 10))}\n`)
console.log(summary(stats, flow))

const single = await measured(async () => ordered(await countInOneThread(TEXT)))
console.log(comparison(flow, single))
