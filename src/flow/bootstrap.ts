import { bornInPool } from '../mesh/birth.js'
import { markFlowWorker } from './import-guard.js'
import { serveQueries } from './serve-queries.js'

/** What a worker of a flow runs, be it a thread or a process. */
const birth = await bornInPool()
if (birth !== undefined) {
  markFlowWorker()
  serveQueries(birth.side)
}
