import assert from 'node:assert/strict'
import type { MessagePort } from 'node:worker_threads'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { FrameReader } from '../../src/frame/frame-reader.js'
import { FrameWriter } from '../../src/frame/frame-writer.js'
import { FRAME } from '../../src/frame/kinds.js'
import { type AtomicOps, nativeAtomics } from '../../src/memory/atomics.js'
import { createSegment } from '../../src/memory/segment.js'
import { SharedWords } from '../../src/memory/shared-words.js'
import { SleepWord } from '../../src/memory/sleep-word.js'
import { initRing, type RingRegion, ringSizeBytes } from '../../src/ring/layout.js'
import { RingReader } from '../../src/ring/ring-reader.js'
import { RingWriter } from '../../src/ring/ring-writer.js'
import { randomWords } from '../support/random.js'

/** What both threads are given. */
export interface Traffic {
  readonly region: RingRegion
  readonly sleepWords: SharedArrayBuffer
  readonly frames: number
  readonly seed: number
}

const READER = 0
const WRITER = 1
/** Nobody is away for so long: who waits that long was never woken. */
const LOST_MS = 20_000

/** A wait that runs out of time is a wake-up that was lost. */
const strictAtomics: AtomicOps = {
  load: (words, at) => nativeAtomics.load(words, at),
  store: (words, at, value) => nativeAtomics.store(words, at, value),
  exchange: (words, at, value) => nativeAtomics.exchange(words, at, value),
  notify: (words, at, count) => nativeAtomics.notify(words, at, count),
  wait: (words, at, value) => {
    const woken = nativeAtomics.wait(words, at, value, LOST_MS)
    assert.notEqual(woken, 'timed-out', 'a wake-up was lost')
    return woken
  },
}

export function createTraffic(capacity: number, frames: number, seed: number): Traffic {
  const region = { segment: createSegment(ringSizeBytes(capacity)), offset: 0, capacity }
  initRing(region, 2 ** 32 - capacity)
  return { region, sleepWords: createSegment(SharedWords.sizeBytes(2)), frames, seed }
}

/** The frames that both sides agree on: pieces of one random text, short ones more often than long ones. */
class Script {
  id = 0 as PhysicalStreamId
  start = 0
  end = 0
  readonly text: Uint8Array
  private readonly next: () => number

  constructor(
    { seed }: Traffic,
    private readonly payloadMax: number,
  ) {
    this.next = randomWords(seed)
    this.text = new Uint8Array(Uint32Array.from({ length: payloadMax / 2 }, this.next).buffer)
  }

  advance(): void {
    const dice = this.next()
    const longest = (dice & 63) === 0 ? this.payloadMax : 256
    this.id = this.next() as PhysicalStreamId
    this.start = this.next() % this.payloadMax
    this.end = this.start + 1 + (this.next() % longest)
  }
}

/** Writes all frames of the script, published in batches of random size. It never waits. */
export class TrafficWriter {
  private readonly outlet: FrameWriter
  private readonly script: Script
  private readonly pause: () => number
  private left: number
  private due = false
  readonly word: SleepWord
  private readonly peer: SleepWord

  constructor(traffic: Traffic) {
    this.outlet = new FrameWriter(new RingWriter(traffic.region, strictAtomics))
    this.script = new Script(traffic, this.outlet.payloadBytesMax)
    this.pause = randomWords(traffic.seed + 1)
    this.left = traffic.frames
    const words = new SharedWords(traffic.sleepWords, strictAtomics)
    this.word = new SleepWord(words, WRITER)
    this.peer = new SleepWord(words, READER)
  }

  get done(): boolean {
    return this.left === 0 && !this.due
  }

  /** Writes what there is room for. */
  work(ring: () => void): void {
    const { outlet, script } = this
    while (this.left > 0 || this.due) {
      if (!this.due) script.advance()
      this.due = !outlet.tryWrite(FRAME.DATA, script.id, script.text, script.start, script.end, -1)
      if (!this.due) this.left--
      if ((this.due || this.left === 0 || (this.pause() & 7) === 0) && outlet.publish()) this.peer.wake(ring)
      if (this.due) return
    }
  }

  mayWork(): boolean {
    return this.outlet.wantRoom()
  }
}

/** Reads all frames and compares each with the script. It never waits. */
export class TrafficReader {
  private readonly inlet: FrameReader
  private readonly script: Script
  private readonly pause: () => number
  private readonly own: Uint8Array
  private left: number
  readonly word: SleepWord
  private readonly peer: SleepWord

  constructor(traffic: Traffic) {
    this.inlet = new FrameReader(new RingReader(traffic.region, strictAtomics))
    const payloadMax = Math.min(0x1_0000, traffic.region.capacity / 8)
    this.script = new Script(traffic, payloadMax)
    this.own = new Uint8Array(payloadMax)
    this.pause = randomWords(traffic.seed + 2)
    this.left = traffic.frames
    const words = new SharedWords(traffic.sleepWords, strictAtomics)
    this.word = new SleepWord(words, READER)
    this.peer = new SleepWord(words, WRITER)
  }

  get done(): boolean {
    return this.left === 0
  }

  /** Reads what is there. */
  work(ring: () => void): void {
    const { inlet } = this
    while (inlet.next()) {
      this.compare()
      this.left--
      if ((this.pause() & 15) === 0 && inlet.release()) this.peer.wake(ring)
    }
    if (inlet.release()) this.peer.wake(ring)
  }

  mayWork(): boolean {
    return this.inlet.hasMore()
  }

  private compare(): void {
    const { inlet, script, own } = this
    script.advance()
    const length = script.end - script.start
    const same = inlet.kind === FRAME.DATA && inlet.id === script.id && inlet.length === length
    if (same) inlet.copyInto(own, 0, 0)
    const { text, start, end } = script
    assert.ok(
      same && Buffer.compare(own.subarray(0, length), text.subarray(start, end)) === 0,
      `frame ${this.left} before the last differs`,
    )
  }
}

/** Works until all is done, blocking the thread while there is nothing to do. */
export function runBlocking(side: TrafficWriter | TrafficReader): void {
  for (side.work(noBell); !side.done; side.work(noBell)) side.word.block(() => side.mayWork())
}

function noBell(): void {
  assert.fail('the other thread never sleeps in its event loop')
}

/** Works until all is done, asleep in the event loop while there is nothing to do; a message on `bell` wakes it. */
export function runOnEventLoop(side: TrafficWriter | TrafficReader, bell: MessagePort): Promise<void> {
  const ring = (): void => bell.postMessage(0)
  return new Promise((resolve, reject) => {
    const turn = (): void => {
      try {
        do side.work(ring)
        while (!side.done && !side.word.fallAsleep(() => side.mayWork()))
        if (side.done) resolve()
      } catch (error) {
        reject(error)
      }
    }
    bell.on('message', () => {
      side.word.wakeUp()
      turn()
    })
    turn()
  })
}
