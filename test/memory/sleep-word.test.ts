import assert from 'node:assert/strict'
import test from 'node:test'
import { nativeAtomics } from '../../src/memory/atomics.js'
import { createSegment } from '../../src/memory/segment.js'
import { SharedWords } from '../../src/memory/shared-words.js'
import { SLEEP, SleepWord } from '../../src/memory/sleep-word.js'
import { RingReader } from '../../src/ring/ring-reader.js'
import { RingWriter } from '../../src/ring/ring-writer.js'
import { explore, LostWakeUp, type Scenario, type ThreadOps } from '../support/explorer.js'
import { READER, RingStage, Seat, SLEEPS, type Sleep, WRITER } from '../support/ring-stage.js'

/** The reader waits for what the writer publishes in two steps. */
function readerSleeps(sleep: Sleep): Scenario {
  const stage = new RingStage()
  const writer = (ops: ThreadOps): void => {
    const seat = new Seat(ops, WRITER)
    const ring = new RingWriter(seat.region, ops.atomics)
    ops.begin()
    for (let frame = 0; frame < 2; frame++) {
      ring.claim(8)
      ring.publish()
      seat.wakePeer()
    }
  }
  const reader = (ops: ThreadOps): number => {
    const seat = new Seat(ops, READER)
    const ring = new RingReader(seat.region, ops.atomics)
    ops.begin()
    let got = 0
    while (got < 16) {
      while (ring.available() === 0) sleep(seat, () => ring.hasUnread())
      const available = ring.available()
      ring.advance(available)
      got += available
    }
    return got
  }
  return { memory: stage.memory, threads: { writer, reader }, check: (outcomes) => assert.equal(outcomes.reader, 16) }
}

/** The writer of a full ring waits for room. */
function writerSleeps(sleep: Sleep): Scenario {
  const stage = new RingStage()
  const first = new RingWriter(stage.region)
  first.claim(4096)
  first.publish()
  const writer = (ops: ThreadOps): boolean => {
    const seat = new Seat(ops, WRITER)
    const ring = new RingWriter(seat.region, ops.atomics)
    ops.begin()
    while (!ring.hasRoom(64)) sleep(seat, () => ring.wantSpace(64))
    return true
  }
  const reader = (ops: ThreadOps): void => {
    const seat = new Seat(ops, READER)
    const ring = new RingReader(seat.region, ops.atomics)
    ring.available()
    ops.begin()
    for (const sizeBytes of [32, 32]) {
      ring.advance(sizeBytes)
      if (ring.release()) seat.wakePeer()
    }
  }
  return { memory: stage.memory, threads: { writer, reader }, check: (outcomes) => assert.equal(outcomes.writer, true) }
}

for (const [how, sleep] of Object.entries(SLEEPS)) {
  test(`a reader ${how} is woken in every interleaving with what is published`, () => {
    assert.ok(explore(readerSleeps(sleep)).schedules > 100)
  })

  test(`a writer ${how} is woken in every interleaving with what is freed`, () => {
    assert.ok(explore(writerSleeps(sleep)).schedules > 100)
  })
}

const BROKEN: Readonly<Record<string, Sleep>> = {
  'blocking without a second look': (seat) => void seat.word.block(() => false),
  'falling asleep without a second look': (seat) => {
    if (seat.word.fallAsleep(() => false)) seat.awaitBell()
  },
  'looking before the word is set': ({ words, side }, mayWork) => {
    if (mayWork()) return
    words.store(side, SLEEP.blocked)
    words.wait(side, SLEEP.blocked)
    words.store(side, SLEEP.awake)
  },
}

for (const [what, sleep] of Object.entries(BROKEN)) {
  test(`the explorer finds the wake-up that ${what} loses`, () => {
    assert.throws(() => explore(readerSleeps(sleep)), LostWakeUp)
    assert.throws(() => explore(writerSleeps(sleep)), LostWakeUp)
  })
}

test('the explorer finds the wake-up that is lost where the flag for space is looked at before the space is freed', () => {
  const scenario = writerSleeps(SLEEPS['blocked in its thread'])
  const reader = (ops: ThreadOps): void => {
    let freed: (() => void) | undefined
    const atomics: ThreadOps['atomics'] = {
      ...ops.atomics,
      store: (words, at, value) => {
        freed = () => ops.atomics.store(words, at, value)
        return value
      },
      load: (words, at) => {
        const value = ops.atomics.load(words, at)
        freed?.()
        freed = undefined
        return value
      },
    }
    scenario.threads.reader({
      memory: ops.memory,
      atomics,
      begin: () => ops.begin(),
      mark: () => {},
      takeBell: (words, at) => ops.takeBell(words, at),
    })
  }
  assert.throws(() => explore({ ...scenario, threads: { writer: scenario.threads.writer, reader } }), LostWakeUp)
})

test('only a sleeper is woken, by its bell or by notify, and only once', () => {
  const words = new SharedWords(createSegment(SharedWords.sizeBytes(1)), nativeAtomics)
  const word = new SleepWord(words, 0)
  let bells = 0
  const wake = (): void => word.wake(() => bells++)
  wake()
  assert.equal(bells, 0)
  assert.equal(
    word.fallAsleep(() => false),
    true,
  )
  wake()
  wake()
  assert.equal(bells, 1)
  assert.equal(
    word.fallAsleep(() => true),
    false,
  )
  wake()
  assert.equal(bells, 1)
  word.fallAsleep(() => false)
  word.wakeUp()
  wake()
  assert.equal(bells, 1)
})

test('whoever finds work at the second look does not block', () => {
  const words = new SharedWords(createSegment(SharedWords.sizeBytes(1)))
  const word = new SleepWord(words, 0)
  let looked = 0
  word.block(() => {
    looked++
    assert.equal(words.load(0), SLEEP.blocked)
    return true
  })
  assert.equal(looked, 1)
  assert.equal(words.load(0), SLEEP.awake)
})

test('a block that nobody ends is over at its deadline, awake', () => {
  const words = new SharedWords(createSegment(SharedWords.sizeBytes(1)))
  new SleepWord(words, 0).block(() => false, 1)
  assert.equal(words.load(0), SLEEP.awake)
})
