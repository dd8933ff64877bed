import assert from 'node:assert/strict'
import test from 'node:test'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { FRAME, lengthWord } from '../../src/frame/kinds.js'
import { RING } from '../../src/ring/layout.js'
import { explore, LostWakeUp } from '../support/explorer.js'
import { SLEEPS, type Sleep } from '../support/ring-stage.js'
import { type Conduct, type History, payload, SOUND, scenarioOf } from './histories.js'

const FULL = process.env.MILLRACE_FULL === '1'

/** A frame of 504 bytes takes 512 of the ring. After a PAD of 3584 one fits, and the second only when the PAD is freed. */
const FULL_RING = { padBytes: 3584, frames: [504, 504] }

const HISTORIES: Readonly<Record<string, History>> = {
  'two frames': { frames: [8, 16] },
  'two frames over the wrap of the ring and of the counters': { frames: [8, 8], before: 16 },
  'a PAD before the wrap': { frames: [24, 8], before: 16 },
  'a ring that is full at the second frame': FULL_RING,
  'a frame, then GOODBYE': { frames: [8], farewell: 'goodbye' },
  'two frames, then the death of the writer': { frames: [8, 8], farewell: 'death' },
  'a full ring, then the death of the writer': { ...FULL_RING, farewell: 'death' },
  'a full ring, then GOODBYE': { ...FULL_RING, farewell: 'goodbye' },
  'a reader that leaves before the first frame': { frames: [8, 8], leavesAfter: 0 },
  'a reader that leaves a full ring': { ...FULL_RING, leavesAfter: 0 },
  'a reader that leaves a full ring after a frame': { ...FULL_RING, leavesAfter: 1 },
  ...(FULL && {
    'four frames over the wrap': { frames: [8, 24, 8, 40], before: 64 },
    'two rings full of frames': { padBytes: 3584, frames: [504, 504, 504, 504] },
    'a full ring with PADs, then GOODBYE': { padBytes: 3584, frames: [496, 8, 504], farewell: 'goodbye' },
  }),
}

const KINDS = Object.entries(SLEEPS)
/** A full ring has states enough: there the usual run leaves out naps, which multiply them, or all but the first way. */
const WAYS: Readonly<Record<string, number>> = {
  'a ring that is full at the second frame': 2,
  'a full ring, then the death of the writer': 1,
  'a full ring, then GOODBYE': 1,
}

function sleepersOf(what: string): (readonly [(typeof KINDS)[0], (typeof KINDS)[0]])[] {
  if (FULL) return KINDS.flatMap((reader) => KINDS.map((writer) => [reader, writer] as const))
  return KINDS.slice(0, WAYS[what]).map((each) => [each, each] as const)
}

for (const [what, history] of Object.entries(HISTORIES)) {
  test(`every interleaving of ${what} ends as it may`, (t) => {
    for (const [[readerHow, reader], [writerHow, writer]] of sleepersOf(what)) {
      const { schedules, states } = explore(scenarioOf(history, { reader, writer }))
      t.diagnostic(`reader ${readerHow}, writer ${writerHow}: ${schedules} schedules, ${states} states`)
      assert.ok(schedules > 10)
    }
  })
}

/** Both sides sleep in the same way, but for what is planted. */
function find(history: History, planted: Partial<Conduct>, failure: object | RegExp): void {
  for (const [how, sleep] of KINDS) {
    assert.throws(() => explore(scenarioOf(history, { reader: sleep, writer: sleep }, { ...SOUND, ...planted })), failure, how)
  }
}

/** Waits without the nap that ends by itself, which would hide a wake-up that is lost behind a later look. */
const KINDS_FOR_GOOD = KINDS.filter(([how]) => !how.startsWith('napping'))

function findLost(history: History, planted: Partial<Conduct>): void {
  for (const [, sleep] of KINDS_FOR_GOOD) {
    assert.throws(() => explore(scenarioOf(history, { reader: sleep, writer: sleep }, { ...SOUND, ...planted })), LostWakeUp)
  }
}

test('the explorer finds a reader that says asleep without a second look', () => {
  find(HISTORIES['two frames'], { awaitFrames: (_inlet, _ring, seat, sleep) => sleep(seat, () => false) }, LostWakeUp)
})

test('the explorer finds a writer that says asleep without a second look', () => {
  find(FULL_RING, { awaitRoom: (_outlet, seat, sleep) => sleep(seat, () => false) }, LostWakeUp)
})

test('the explorer finds a writer that says that it wants space without a second look', () => {
  const wantOnly = (atomics: typeof Atomics, words: Int32Array): boolean => {
    atomics.store(words, RING.spaceWanted, 1)
    return false
  }
  const awaitRoom: Conduct['awaitRoom'] = (_outlet, seat, sleep) => {
    const words = new Int32Array(seat.region.segment, seat.region.offset, RING.headerBytes / 4)
    sleep(seat, () => wantOnly(seat.ops.atomics as typeof Atomics, words))
  }
  find(FULL_RING, { awaitRoom }, LostWakeUp)
})

test('the explorer finds a tail that is stored before the payload', () => {
  const write: Conduct['write'] = (_outlet, ring, seat, number, bytes) => {
    const at = ring.claim(8 + bytes)
    ring.data[at >> 2] = number as PhysicalStreamId
    ring.data[(at >> 2) + 1] = lengthWord(FRAME.DATA, bytes)
    ring.publish()
    ring.bytes.set(payload(number, bytes), at + 8)
    seat.wakePeer()
    return true
  }
  find(HISTORIES['two frames'], { write }, /torn/)
})

test('the explorer finds a reader that waits for a position instead of one at or past it', () => {
  const awaitFrames: Conduct['awaitFrames'] = (_inlet, ring, seat, sleep) => {
    const words = new Int32Array(seat.region.segment, seat.region.offset, RING.headerBytes / 4)
    const position = seat.ops.atomics.load(words, RING.head)
    // One frame of 8 bytes further.
    const isNext = (): boolean => seat.ops.atomics.load(words, RING.tail) === ((position + ring.unreleasedBytes + 16) | 0)
    sleep(seat, isNext)
    while (!isNext()) sleep(seat, isNext)
  }
  findLost({ frames: [8, 8] }, { awaitFrames })
})

test('the explorer finds a writer that waits for as much room as it needs instead of that or more', () => {
  const awaitRoom: Conduct['awaitRoom'] = (_outlet, seat, sleep) => {
    const words = new Int32Array(seat.region.segment, seat.region.offset, RING.headerBytes / 4)
    const { load, store } = seat.ops.atomics
    const isFree = (): boolean => {
      store(words, RING.spaceWanted, 1)
      return 4096 - (load(words, RING.tail) - load(words, RING.head)) === 512
    }
    sleep(seat, isFree)
    while (!isFree()) sleep(seat, isFree)
  }
  findLost(FULL_RING, { awaitRoom })
})

test('the explorer finds a reader that looks whether the writer is dead after it found the ring empty', () => {
  const drain: Conduct['drain'] = (seat, read) => {
    read()
    return seat.status.isDead
  }
  find(HISTORIES['two frames, then the death of the writer'], { drain }, { code: 'ERR_ASSERTION' })
})

test('the explorer finds a reader that frees space and wakes nobody', () => {
  find(FULL_RING, { release: (inlet) => void inlet.release() }, LostWakeUp)
})

test('the explorer finds a reader that leaves and wakes nobody', () => {
  find(HISTORIES['a reader that leaves a full ring'], { leave: (seat) => seat.status.markDead() }, LostWakeUp)
})

test('the explorer finds a writer that does not look whether the reader is gone', () => {
  findLost(HISTORIES['a reader that leaves a full ring'], { awaitRoom: (outlet, seat, sleep) => sleep(seat, () => outlet.wantRoom()) })
})

test('the explorer finds a wake-up that is sent before what it is for', () => {
  const write: Conduct['write'] = (outlet, _ring, seat, number, bytes) => {
    if (!outlet.tryWrite(FRAME.DATA, number as PhysicalStreamId, payload(number, bytes), 0, bytes, -1)) return false
    seat.wakePeer()
    outlet.publish()
    return true
  }
  find(HISTORIES['two frames'], { write }, LostWakeUp)
})

test('the explorer finds a wake-up that looks at the word and sets it in two steps', () => {
  const wakePeer = (seat: Parameters<Sleep>[0]): void => {
    const peer = 1 - seat.side
    const was = seat.words.load(peer)
    seat.words.store(peer, 0)
    if (was === 1) seat.words.store(2 + peer, 1)
    else if (was === 2) seat.words.notify(peer)
  }
  const write: Conduct['write'] = (outlet, _ring, seat, number, bytes) => {
    if (!outlet.tryWrite(FRAME.DATA, number as PhysicalStreamId, payload(number, bytes), 0, bytes, -1)) return false
    outlet.publish()
    wakePeer(seat)
    return true
  }
  findLost(HISTORIES['two frames'], { write })
})
