import { SharedWords } from '../../src/memory/shared-words.js'
import { SleepWord } from '../../src/memory/sleep-word.js'
import { StatusWord } from '../../src/memory/status-word.js'
import { initRing, RING, type RingRegion, ringSizeBytes } from '../../src/ring/layout.js'
import type { ThreadOps } from './explorer.js'

const CAPACITY = 4096
const WORDS = 8
const RING_AT = SharedWords.sizeBytes(WORDS)
const NAP_MS = 0.2

/** Whose sleep word and bell. */
export const READER = 0
export const WRITER = 1
type Side = typeof READER | typeof WRITER

const BELL_AT = 2
const STATUS_AT = 4

/** How a thread waits until `mayWork` may hold; it may come back too early. */
export type Sleep = (side: Seat, mayWork: () => boolean) => void

/** The memory of a ring, the sleep words and bells of its reader and writer, and a status word; for `explore`. */
export class RingStage {
  readonly memory = new ArrayBuffer(RING_AT + ringSizeBytes(CAPACITY))
  readonly plain = { from: RING_AT + RING.headerBytes, to: RING_AT + ringSizeBytes(CAPACITY) }

  /** The counters begin at `position`. */
  constructor(position = 2 ** 32 - CAPACITY) {
    initRing(this.region, position)
  }

  get region(): RingRegion {
    return regionIn(this.memory)
  }
}

function regionIn(memory: ArrayBuffer): RingRegion {
  return { segment: memory, offset: RING_AT, capacity: CAPACITY }
}

/** A stage as one of its two threads uses it. */
export class Seat {
  readonly region: RingRegion
  readonly status: StatusWord
  readonly word: SleepWord
  readonly words: SharedWords
  /** Whether the last nap was over before anybody woke it. */
  private overslept = false

  constructor(
    readonly ops: ThreadOps,
    readonly side: Side,
  ) {
    this.region = regionIn(ops.memory)
    this.words = new SharedWords(ops.memory, ops.atomics)
    this.status = new StatusWord(this.words, STATUS_AT)
    this.word = new SleepWord(this.words, side)
  }

  /** Wakes the other side, if it sleeps. */
  wakePeer(): void {
    const peer = 1 - this.side
    new SleepWord(this.words, peer).wake(() => this.words.store(BELL_AT + peer, 1))
  }

  awaitBell(): void {
    const all = new Int32Array(this.ops.memory)
    this.ops.takeBell(all, (SharedWords.sizeBytes(1) / 4) * (BELL_AT + this.side))
    this.word.wakeUp()
  }

  /** As a thread of ours does in the midst of a stream: a nap at first, and after one that nobody ended the sleep. */
  nap(mayWork: () => boolean): void {
    if (this.overslept) {
      this.overslept = false
      eventLoop(this, mayWork)
    } else this.overslept = !this.word.block(mayWork, NAP_MS)
  }
}

const eventLoop: Sleep = (seat, mayWork) => {
  if (seat.word.fallAsleep(mayWork)) seat.awaitBell()
}

/** Every way to sleep. */
export const SLEEPS: Readonly<Record<string, Sleep>> = {
  'blocked in its thread': (seat, mayWork) => void seat.word.block(mayWork),
  'asleep in its event loop': eventLoop,
  'napping, then asleep': (seat, mayWork) => seat.nap(mayWork),
}
