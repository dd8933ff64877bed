/** A program of its own, so that nothing but the pool is in it: prints the CPU time of all its threads, in ms, over ten idle seconds. */
import { connect } from 'millrace'

const IDLE_MS = 10_000
/** V8 collects garbage some eight seconds after the last work, in any process with or without a pool: 60 ms, once. */
const SETTLE_MS = 12_000

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const workers = Number(process.argv[2])
const url = new URL('./streams.worker.js', import.meta.url)
const { api, close } = await connect<typeof import('./streams.worker.js')>(url, { workers })
for await (const message of api.messages({ count: 1000, bytes: 1024 }))
  if (message.length !== 1024) throw new Error('idle: a short message')
await wait(SETTLE_MS)
const before = process.cpuUsage()
await wait(IDLE_MS)
const { user, system } = process.cpuUsage(before)
console.log((user + system) / 1000)
await close()
