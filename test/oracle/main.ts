/**
 * npm run oracle -- [--flows N] [--seed S]
 *
 * Runs N random flows (500 by default), of the seeds from S on (0 by default), and the same in SQL by DuckDB. Stops at the first that
 * gives other rows: prints its seed and the smallest program like it, as a plan and as SQL. Prints what was in them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as engine from 'millrace/flow'
import { Histogram } from './histogram.js'
import { Lab } from './lab.js'
import { programOf } from './program.js'
import { report } from './report.js'

const { values } = parseArgs({ options: { flows: { type: 'string', default: '500' }, seed: { type: 'string', default: '0' } } })
const first = Number(values.seed)
const flows = Number(values.flows)
const folder = await mkdtemp(join(tmpdir(), 'millrace-oracle-'))
const lab = await Lab.open(engine, folder)
const histogram = new Histogram()
const began = performance.now()
try {
  for (let seed = first; seed < first + flows; seed++) {
    const outcome = await lab.run(programOf(seed))
    histogram.add(programOf(seed), outcome)
    if (outcome.failure === undefined) continue
    console.log(await report(lab, programOf(seed), seed))
    process.exitCode = 1
    break
  }
} finally {
  await lab.close()
  await rm(folder, { recursive: true })
}
console.log(`${histogram}\n${((performance.now() - began) / 1000).toFixed(1)} s`)
