import { bornInPool } from '../mesh/thread-birth.js'
import { markFlowWorker } from './import-guard.js'
import { serveQueries } from './serve-queries.js'

/** What a worker thread of a flow runs. */
const birth = bornInPool()
if (birth !== undefined) {
  markFlowWorker()
  serveQueries(birth.side)
}
