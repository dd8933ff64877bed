import { parentPort, workerData } from 'node:worker_threads'
import { createSegment } from '../src/memory/segment.js'
import { initRing, ringSizeBytes } from '../src/ring/layout.js'
import type { RingReader } from '../src/ring/ring-reader.js'
import type { RingWriter } from '../src/ring/ring-writer.js'

const { readerUrl, writerUrl } = workerData as { readerUrl: string; writerUrl: string }
const { RingReader: Reader } = (await import(readerUrl)) as { RingReader: typeof RingReader }
const { RingWriter: Writer } = (await import(writerUrl)) as { RingWriter: typeof RingWriter }
const region = { segment: createSegment(ringSizeBytes(4096)), offset: 0, capacity: 4096 }
initRing(region)
const writer = new Writer(region)
const reader = new Reader(region)

/** Every operation of both ends, so that the atomic ones weigh as much as they can. */
function roundTrips(count: number): void {
  for (let trip = 0; trip < count; trip++) {
    if (!writer.hasRoom(4096)) throw new Error('the ring is not empty')
    writer.claim(64)
    writer.publish()
    reader.advance(reader.available())
    reader.release()
  }
}

parentPort?.on('message', (count: number) => {
  if (count < 0) {
    parentPort?.close()
    return
  }
  const began = performance.now()
  roundTrips(count)
  parentPort?.postMessage(performance.now() - began)
})
