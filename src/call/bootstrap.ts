import { bornInPool } from '../mesh/birth.js'
import { type CallBoot, serveModule } from './serve-module.js'

/** What a worker of `connect` runs, be it a thread or a process. */
const birth = await bornInPool()
if (birth !== undefined) {
  const { module, cancelTimeoutMs } = birth.boot as CallBoot & { readonly module: string }
  await serveModule(birth.side, module, cancelTimeoutMs)
}
