/** Makes a file of records, serves it, and is its own clients: one that reads to the end, and some that leave. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { workersFromArguments } from '../support/workers.ts'
import { startServer } from './server.ts'

const RECORDS = 200_000
const USERS = ['ann', 'bob', 'eve']

const folder = await mkdtemp(join(tmpdir(), 'ndjson-server-'))
const file = join(folder, 'records.jsonl')
const line = (n: number): string => `${JSON.stringify({ user: USERS[n % 3], ms: n % 977, path: `/page/${n}` })}\n`
await writeFile(file, Array.from({ length: RECORDS }, (_none, n) => line(n)).join(''))

const { workers = 2 } = workersFromArguments()
const { server, pool, close } = await startServer({ file, workers, log: console.log })
const { port } = server.address() as AddressInfo

/** Bytes read, up to some number at which the client leaves. */
function read(path: string, leaveAfter = Number.POSITIVE_INFINITY): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ port, path }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes < leaveAfter) return
        response.destroy()
        resolve(bytes)
      })
      response.on('end', () => resolve(bytes))
    }).on('error', reject)
  })
}

console.log(`${await read('/?user=ann')} bytes to a client that reads to the end`)
await Promise.all(Array.from({ length: 5 }, () => read('/', 100_000)))
// The worker hears of a client that left with the next look at its rings, not at some later read.
let open = 1
while (open > 0)
  open = (await Promise.all(pool.stats().workers.map(({ worker }) => pool.on(worker).done()))).reduce((sum, done) => sum + done.open, 0)
const parsed = (await Promise.all(pool.stats().workers.map(({ worker }) => pool.on(worker).done()))).reduce(
  (sum, done) => sum + done.parsed,
  0,
)
console.log(`5 clients left early: ${parsed - RECORDS} records were parsed for them in all, of ${5 * RECORDS}; ${open} are read for still`)
await close()
await rm(folder, { recursive: true })
