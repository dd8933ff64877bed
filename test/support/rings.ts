import { attachRing, initRing, RING, type RingRegion, ringSizeBytes } from '../../src/ring/layout.js'
import { RingReader } from '../../src/ring/ring-reader.js'
import { RingWriter } from '../../src/ring/ring-writer.js'

/** Both ends of a ring in this thread, and its memory as a peer that breaks the rules could write it. */
export interface TestRing {
  readonly region: RingRegion
  readonly writer: RingWriter
  readonly reader: RingReader
  /** Adds words to the data and publishes `publishedBytes` (default: these words). */
  plant(words: readonly number[], publishedBytes?: number): void
  setTail(position: number): void
  setHead(position: number): void
}

/** A ring of 4 KiB by default whose counters begin at `position`. */
export function testRing(capacity = 4096, position = 0): TestRing {
  const region = { segment: new SharedArrayBuffer(ringSizeBytes(capacity)), offset: 0, capacity }
  initRing(region, position)
  const { words, data } = attachRing(region)
  let planted = position
  return {
    region,
    writer: new RingWriter(region),
    reader: new RingReader(region),
    plant(values, publishedBytes = values.length * 4) {
      for (const [at, value] of values.entries()) data[(((planted + at * 4) >>> 0) % capacity) / 4] = value
      planted = (planted + publishedBytes) | 0
      words[RING.tail] = planted
    },
    setTail: (value) => {
      words[RING.tail] = value | 0
    },
    setHead: (value) => {
      words[RING.head] = value | 0
    },
  }
}
