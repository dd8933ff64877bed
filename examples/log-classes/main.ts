/** Makes the log of a day and counts its errors by class on all cores, then in this thread. `--workers N`, 2 by default. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measured } from '../support/measured.ts'
import { comparison, summary, table } from '../support/report.ts'
import { workersFromArguments } from '../support/workers.ts'
import { writeLog } from './log.ts'
import { classesInOneThread } from './single.ts'
import { classes } from './stages.ts'

const folder = await mkdtemp(join(tmpdir(), 'log-classes-'))
await writeLog(folder, 1_000_000)
const run = classes(`${folder}/*.log`, 1).run({ workers: 2, ...workersFromArguments() })
const flow = await measured(() => run.collect())
console.log(`${table(flow.result)}\n`)
console.log(summary(run.stats(), flow))
console.log(comparison(flow, await measured(() => classesInOneThread(`${folder}/*.log`, 1))))
await rm(folder, { recursive: true })
