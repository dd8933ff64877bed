/** Serves three million flights, and is its own clients: one that reads to the end, then five that leave. `--workers N`, 2 by default. */
import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { workersFromArguments } from '../support/workers.ts'
import { startServer } from './server.ts'

const file = fileURLToPath(new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')))
const CLIENTS_LEAVING = 5

let ended = 0
let allEnded = (): void => {}
const { workers = 2 } = workersFromArguments()
const { server, close } = await startServer({
  file,
  workers,
  onEnd: (how, { rowsIn, elapsedMs }) => {
    console.log(`${how}: ${rowsIn.toLocaleString('en-US')} flights were read for it, in ${(elapsedMs / 1000).toFixed(2)} s`)
    if (++ended === 1 + CLIENTS_LEAVING) allEnded()
  },
})
const { port } = server.address() as AddressInfo

/** Lines read, up to some number of bytes at which the client leaves. */
function read(path: string, leaveAfter = Number.POSITIVE_INFINITY): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ port, path }, (response) => {
      let bytes = 0
      let lines = 0
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        bytes += text.length
        lines += text.split('\n').length - 1
        if (bytes < leaveAfter) return
        response.destroy()
        resolve(lines)
      })
      response.on('end', () => resolve(lines))
    }).on('error', reject)
  })
}

const everyRunEnded = new Promise<void>((resolve) => {
  allEnded = resolve
})
console.log(`${(await read('/?origin=HNL&delay.least=60')).toLocaleString('en-US')} flights from HNL were an hour late or more`)
await Promise.all(Array.from({ length: CLIENTS_LEAVING }, () => read('/?delay.least=0', 10_000)))
await everyRunEnded
await close()
