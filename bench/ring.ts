import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { FrameReader } from '../src/frame/frame-reader.js'
import { copyBytes } from '../src/memory/copy.js'
import { createSegment } from '../src/memory/segment.js'
import { SharedWords } from '../src/memory/shared-words.js'
import { SleepWord } from '../src/memory/sleep-word.js'
import { initRing, ringSizeBytes } from '../src/ring/layout.js'
import { RingReader } from '../src/ring/ring-reader.js'
import { type Bench, figure, interleaved, median, ratios } from './harness.js'
import { noBell, ORDERS, spinThenBlock, WORDS } from './ring-waiting.js'

const MESSAGE_BYTES = 0x1_0000
/** As for calls, which carry long bytes. In less than a second-level cache most lines come straight out of the other core's, at half the speed. */
const RING_BYTES = 0x20_0000
const MESSAGES = 40_000
/** Rounds go by, or take four times as long, as the two threads happen to follow each other: many short ones. */
const ROUNDS_FACTOR = 4

/** A thread that writes messages into a ring, as many as it is asked for. */
class WriterThread {
  private constructor(
    private readonly worker: Worker,
    private readonly words: SharedWords,
    readonly inlet: FrameReader,
    /** As large as the ring, without one. */
    readonly plain: Uint8Array,
  ) {}

  static async start(): Promise<WriterThread> {
    const region = { segment: createSegment(ringSizeBytes(RING_BYTES)), offset: 0, capacity: RING_BYTES }
    initRing(region)
    const shared = createSegment(SharedWords.sizeBytes(WORDS.count))
    const plain = new Uint8Array(createSegment(RING_BYTES))
    const workerData = { region, shared, plain, messageBytes: MESSAGE_BYTES }
    const worker = new Worker(new URL('./ring.worker.js', import.meta.url), { workerData })
    await once(worker, 'online')
    return new WriterThread(worker, new SharedWords(shared), new FrameReader(new RingReader(region)), plain)
  }

  sleepWord(index: number): SleepWord {
    return new SleepWord(this.words, index)
  }

  /** A number of messages, or another order. */
  send(order: number): void {
    this.words.store(WORDS.order, order)
    this.words.notify(WORDS.order)
  }

  /** Has it fill the plain memory, and waits. */
  fillPlain(): void {
    this.words.store(WORDS.filled, 0)
    this.send(ORDERS.fill)
    this.words.wait(WORDS.filled, 0)
  }

  async stop(): Promise<void> {
    const exit = once(this.worker, 'exit')
    this.send(ORDERS.end)
    await exit
  }
}

/** Milliseconds to copy every message out of the ring into one buffer. */
async function copyOut(writer: WriterThread, target: Uint8Array): Promise<number> {
  const { inlet } = writer
  const own = writer.sleepWord(WORDS.reader)
  const peer = writer.sleepWord(WORDS.writer)
  const release = (): void => {
    if (inlet.release()) peer.wake(noBell)
  }
  const next = (): boolean => {
    if (inlet.next()) return true
    release()
    return false
  }
  const began = performance.now()
  writer.send(MESSAGES)
  for (let read = 1; read <= MESSAGES; read++) {
    spinThenBlock(own, next, () => inlet.hasMore())
    inlet.copyInto(target, 0, 0)
    if (read % 4 === 0) release()
  }
  release()
  return performance.now() - began
}

/** Milliseconds to copy as many messages out of memory that the other thread has just filled: `memcpy` where bytes cross cores. */
async function copyAcross(writer: WriterThread, target: Uint8Array): Promise<number> {
  let milliseconds = 0
  for (let copied = 0; copied < MESSAGES; copied += RING_BYTES / MESSAGE_BYTES) {
    writer.fillPlain()
    const began = performance.now()
    for (let offset = 0; offset < RING_BYTES; offset += MESSAGE_BYTES) {
      copyBytes(target, 0, writer.plain.subarray(offset, offset + MESSAGE_BYTES))
    }
    milliseconds += performance.now() - began
  }
  return milliseconds
}

/** Milliseconds to copy as many messages from one private buffer to another, which stay in this core's cache. */
async function copyPrivate(from: Uint8Array, to: Uint8Array): Promise<number> {
  const began = performance.now()
  for (let copied = 0; copied < MESSAGES; copied++) copyBytes(to, 0, from)
  return performance.now() - began
}

const gigabytesPerSecond = (milliseconds: number): string => ((MESSAGES * MESSAGE_BYTES) / milliseconds / 1e6).toFixed(1)

export const benches: readonly Bench[] = [
  {
    name: 'ring copy-out of memcpy at 64 KiB',
    floor: 0.3,
    aim: 0.8,
    better: 'higher',
    async run(rounds) {
      const writer = await WriterThread.start()
      const buffers = [0, 1].map(() => new Uint8Array(MESSAGE_BYTES).fill(2))
      const times = await interleaved(ROUNDS_FACTOR * rounds, {
        inCache: () => copyPrivate(buffers[0], buffers[1]),
        memcpy: () => copyAcross(writer, buffers[1]),
        ring: () => copyOut(writer, buffers[1]),
      })
      await writer.stop()
      return figure(this.name, 'x', ratios(times.memcpy, times.ring), {
        'memcpy GB/s': gigabytesPerSecond(median(times.memcpy)),
        'memcpy in cache GB/s': gigabytesPerSecond(median(times.inCache)),
        'ring GB/s': gigabytesPerSecond(median(times.ring)),
        'ring bytes': RING_BYTES,
      })
    },
  },
]
