import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { MessageChannel, Worker } from 'node:worker_threads'
import { createTraffic, runBlocking, runOnEventLoop, TrafficReader } from './traffic.js'

const FULL = process.env.MILLRACE_FULL === '1'
const WORKER = new URL('./traffic.worker.js', import.meta.url)

/** Frames in the usual run and in the full one. */
const SIZES = { small: FULL ? 5_000_000 : 300_000, default: FULL ? 10_000_000 : 1_000_000, eventLoop: FULL ? 3_000_000 : 200_000 }

for (const [name, capacity, frames] of [
  ['4 KiB', 4096, SIZES.small],
  ['1 MiB', 0x10_0000, SIZES.default],
] as const) {
  test(`${frames} frames of mixed sizes arrive whole through ${name} between two threads that block`, async () => {
    const traffic = createTraffic(capacity, frames, 20_000 + capacity)
    const worker = new Worker(WORKER, { workerData: { traffic } })
    const exit = once(worker, 'exit')
    await once(worker, 'online')
    try {
      runBlocking(new TrafficReader(traffic))
      assert.deepEqual(await exit, [0])
    } finally {
      await worker.terminate()
    }
  })

  test(`${SIZES.eventLoop} frames arrive whole through ${name} between two threads asleep in their event loops`, async () => {
    const traffic = createTraffic(capacity, SIZES.eventLoop, 30_000 + capacity)
    const { port1, port2 } = new MessageChannel()
    const worker = new Worker(WORKER, { workerData: { traffic, bell: port2 }, transferList: [port2] })
    const exit = once(worker, 'exit')
    try {
      await runOnEventLoop(new TrafficReader(traffic), port1)
      assert.deepEqual(await exit, [0])
    } finally {
      await worker.terminate()
    }
  })
}
