/** Makes the log of a day and cuts it into sessions on all cores, then in this thread. `--workers N`, 2 by default. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measured } from '../support/measured.ts'
import { comparison, summary, table } from '../support/report.ts'
import { workersFromArguments } from '../support/workers.ts'
import { writeLog } from './log.ts'
import { sessionsInOneThread } from './single.ts'
import { type Session, sessions } from './stages.ts'

const folder = await mkdtemp(join(tmpdir(), 'sessions-'))
await writeLog(folder, 1_000_000, 20_000)

const shown = (all: readonly Session[]) => all.map(({ from, ...session }) => ({ ...session, from: from.toISOString() }))

const run = sessions(`${folder}/*.log`).run({ workers: 2, ...workersFromArguments() })
const flow = await measured(async () => shown(await run.collect()))
console.log(`${flow.result.length.toLocaleString('en-US')} sessions\n\n${table(flow.result.slice(0, 10))}\n`)
console.log(summary(run.stats(), flow))
console.log(comparison(flow, await measured(async () => shown(await sessionsInOneThread(`${folder}/*.log`)))))
await rm(folder, { recursive: true })
