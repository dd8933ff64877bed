import { bornInPool } from '../mesh/thread-birth.js'
import { type CallBoot, serveModule } from './serve-module.js'

/** What a worker thread of `connect` runs. */
const birth = bornInPool()
if (birth !== undefined) await serveModule(birth.side, birth.boot as CallBoot)
