import assert from 'node:assert/strict'
import test from 'node:test'
import { nativeAtomics } from '../../src/memory/atomics.js'
import { createSegment } from '../../src/memory/segment.js'
import { SharedWords } from '../../src/memory/shared-words.js'
import { SLEEP, SleepWord } from '../../src/memory/sleep-word.js'
import { initRing, ringSizeBytes } from '../../src/ring/layout.js'
import { RingReader } from '../../src/ring/ring-reader.js'
import { RingWriter } from '../../src/ring/ring-writer.js'
import { explore, LostWakeUp, type Scenario, type ThreadOps } from '../support/explorer.js'

/** A ring, the sleep words of its reader (0) and writer (1), and their bells. */
class Stage {
  readonly region = { segment: createSegment(ringSizeBytes(4096)), offset: 0, capacity: 4096 }
  readonly bells = [0, 0]
  private readonly wordMemory = createSegment(SharedWords.sizeBytes(2))

  constructor() {
    initRing(this.region, 2 ** 32 - 4096)
  }

  sleepWord(ops: ThreadOps, index: number): SleepWord {
    return new SleepWord(new SharedWords(this.wordMemory, ops.atomics), index)
  }

  words(ops: ThreadOps): SharedWords {
    return new SharedWords(this.wordMemory, ops.atomics)
  }

  wake(ops: ThreadOps, index: number): void {
    this.sleepWord(ops, index).wake(() => ops.act(() => this.bells[index]++))
  }

  awaitBell(ops: ThreadOps, index: number): void {
    ops.until(() => this.bells[index] > 0)
    ops.act(() => {
      this.bells[index] = 0
    })
  }
}

type Sleep = (stage: Stage, ops: ThreadOps, index: number, mayWork: () => boolean) => void

const SLEEPS: Readonly<Record<string, Sleep>> = {
  'blocked in its thread': (stage, ops, index, mayWork) => stage.sleepWord(ops, index).block(mayWork),
  'asleep in its event loop': (stage, ops, index, mayWork) => {
    if (stage.sleepWord(ops, index).fallAsleep(mayWork)) stage.awaitBell(ops, index)
  },
}

/** The reader waits for what the writer publishes in two steps. */
function readerSleeps(sleep: Sleep): Scenario {
  const stage = new Stage()
  let read = 0
  const writer = (ops: ThreadOps): void => {
    const ring = new RingWriter(stage.region, ops.atomics)
    ops.begin()
    for (let frame = 0; frame < 2; frame++) {
      ring.claim(8)
      ring.publish()
      stage.wake(ops, 0)
    }
  }
  const reader = (ops: ThreadOps): void => {
    const ring = new RingReader(stage.region, ops.atomics)
    ops.begin()
    for (let got = 0; got < 16; got += read) {
      while (ring.available() === 0) sleep(stage, ops, 0, () => ring.hasUnread())
      read = ring.available()
      ring.advance(read)
    }
  }
  return { threads: { writer, reader }, check: () => assert.ok(read > 0) }
}

/** The writer of a full ring waits for room. */
function writerSleeps(sleep: Sleep): Scenario {
  const stage = new Stage()
  const first = new RingWriter(stage.region)
  first.claim(4096)
  first.publish()
  let wrote = false
  const writer = (ops: ThreadOps): void => {
    const ring = new RingWriter(stage.region, ops.atomics)
    ops.begin()
    while (!ring.hasRoom(64)) sleep(stage, ops, 1, () => ring.wantSpace(64))
    wrote = true
  }
  const reader = (ops: ThreadOps): void => {
    const ring = new RingReader(stage.region, ops.atomics)
    ring.available()
    ops.begin()
    for (const sizeBytes of [32, 32]) {
      ring.advance(sizeBytes)
      if (ring.release()) stage.wake(ops, 1)
    }
  }
  return { threads: { writer, reader }, check: () => assert.equal(wrote, true) }
}

for (const [how, sleep] of Object.entries(SLEEPS)) {
  test(`a reader ${how} is woken in every interleaving with what is published`, () => {
    assert.ok(explore(() => readerSleeps(sleep)) > 100)
  })

  test(`a writer ${how} is woken in every interleaving with what is freed`, () => {
    assert.ok(explore(() => writerSleeps(sleep)) > 100)
  })
}

const BROKEN: Readonly<Record<string, Sleep>> = {
  'blocking without a second look': (stage, ops, index) => stage.sleepWord(ops, index).block(() => false),
  'falling asleep without a second look': (stage, ops, index) => {
    if (stage.sleepWord(ops, index).fallAsleep(() => false)) stage.awaitBell(ops, index)
  },
  'looking before the word is set': (stage, ops, index, mayWork) => {
    if (mayWork()) return
    stage.words(ops).store(index, SLEEP.blocked)
    stage.words(ops).wait(index, SLEEP.blocked)
    stage.words(ops).store(index, SLEEP.awake)
  },
}

for (const [what, sleep] of Object.entries(BROKEN)) {
  test(`the explorer finds the wake-up that ${what} loses`, () => {
    assert.throws(() => explore(() => readerSleeps(sleep)), LostWakeUp)
    assert.throws(() => explore(() => writerSleeps(sleep)), LostWakeUp)
  })
}

test('the explorer finds the wake-up that is lost where the flag for space is looked at before the space is freed', () => {
  const scenario = (): Scenario => {
    const { threads, check } = writerSleeps(SLEEPS['blocked in its thread'])
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
      threads.reader({ ...ops, atomics })
    }
    return { threads: { writer: threads.writer, reader }, check }
  }
  assert.throws(() => explore(scenario), LostWakeUp)
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
