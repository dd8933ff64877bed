/** Asks three million flights for the routes with the worst delays on all cores, then in this thread, and compares. */
import { measured } from '../support/measured.ts'
import { comparison, summary, table } from '../support/report.ts'
import { workersFromArguments } from '../support/workers.ts'
import { worstRoutesInOneThread } from './single.ts'
import worstRoutes, { FLIGHTS, MIN_FLIGHTS } from './stages.ts'

const run = worstRoutes.run(workersFromArguments())
const flow = await measured(() => run.collect())
const stats = run.stats()

console.log(
  `${stats.rowsIn.toLocaleString('en-US')} flights: ${flow.result.length.toLocaleString('en-US')} routes with at least ${MIN_FLIGHTS} flights`,
)
console.log(`\n${table(flow.result.slice(0, 10))}\n`)
console.log(summary(stats, flow))

const single = await measured(() => worstRoutesInOneThread(FLIGHTS))
console.log(comparison(flow, single))
