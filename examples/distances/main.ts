/** Compares the distances that three million flights state with the way over the earth, on all cores, then in this thread. */
import { measured } from '../support/measured.ts'
import { comparison, summary, table } from '../support/report.ts'
import { workersFromArguments } from '../support/workers.ts'
import { distancesInOneThread } from './single.ts'
import allDistances, { AIRPORTS, FLIGHTS } from './stages.ts'

const FAR_MILES = 5

const run = allDistances.run(workersFromArguments())
const flow = await measured(() => run.collect())
const far = flow.result.filter(({ apart }) => apart > FAR_MILES)

console.log(
  `${flow.result.length.toLocaleString('en-US')} routes, ${far.length} of them more than ${FAR_MILES} miles apart from what is stated`,
)
console.log(`\n${table(flow.result.slice(0, 10))}\n`)
console.log(summary(run.stats(), flow))
console.log(comparison(flow, await measured(() => distancesInOneThread(FLIGHTS, AIRPORTS))))
