import { bornInPool } from '../mesh/thread-birth.js'
import { type CallBoot, serveModule } from './serve-module.js'

/** What a worker thread of `connect` runs. */
const birth = bornInPool()
if (birth !== undefined) {
  const { module, cancelTimeoutMs } = birth.boot as CallBoot & { readonly module: string }
  await serveModule(birth.side, module, cancelTimeoutMs)
}
