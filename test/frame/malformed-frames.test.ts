import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { MillraceError } from '../../src/base/errors.js'
import { FrameReader } from '../../src/frame/frame-reader.js'
import { FRAME, lengthWord } from '../../src/frame/kinds.js'
import { testRing } from '../support/rings.js'

const isProtocolError = { code: 'Protocol' }
const F = 512
const header = (kind: number, length: number): number[] => [7, ((kind << 28) | length) >>> 0]

/** The frames that come out of a ring of 4 KiB with these words in it; throws what reading throws. */
function readAll(words: readonly number[], publishedBytes?: number, position = 0): number[] {
  const { plant, reader } = testRing(4096, position)
  plant(words, publishedBytes)
  const frames = new FrameReader(reader)
  const lengths: number[] = []
  while (frames.next()) lengths.push(frames.copy().length)
  return lengths
}

for (let kind = 8; kind < 16; kind++) {
  test(`a frame of the unknown kind ${kind} is a protocol error, whatever its length`, () => {
    for (const length of [0, 8, 16, F]) assert.throws(() => readAll(header(kind, length), 8 + length), isProtocolError)
  })
}

for (const name of ['DATA', 'DATA_MORE', 'END', 'ERROR', 'RESET', 'CALL'] as const) {
  test(`${name} without a payload is a protocol error`, () => {
    assert.throws(() => readAll(header(FRAME[name], 0)), isProtocolError)
  })
}

for (const name of ['DATA', 'ERROR', 'RESET', 'CALL'] as const) {
  test(`${name} of up to F is read, and longer is a protocol error`, () => {
    for (const length of [1, 7, 8, F - 1, F]) assert.deepEqual(readAll(header(FRAME[name], length), 8 + ((length + 7) & ~7)), [length])
    for (const length of [F + 1, F + 8, 2048]) {
      assert.throws(() => readAll(header(FRAME[name], length), 8 + ((length + 7) & ~7)), isProtocolError, String(length))
    }
  })
}

for (const [name, right] of [
  ['DATA_MORE', F],
  ['END', 16],
  ['GOODBYE', 0],
] as const) {
  test(`${name} of any length but ${right} is a protocol error`, () => {
    assert.deepEqual(readAll(header(FRAME[name], right), 8 + right), [right])
    for (const length of [0, 1, 8, 15, 16, 17, 24, F - 1, F, F + 1]) {
      if (length === right) continue
      assert.throws(() => readAll(header(FRAME[name], length), 8 + ((length + 7) & ~7)), isProtocolError, String(length))
    }
  })
}

test('a PAD frame that does not end the ring is a protocol error', () => {
  for (const length of [0, 8, 4080]) assert.throws(() => readAll(header(FRAME.PAD, length), 8 + length), isProtocolError)
  assert.throws(() => readAll(header(FRAME.PAD, 4096), 4096), isProtocolError)
})

test('a PAD frame of every possible length is skipped, also where the positions wrap past 2^32', () => {
  for (let padBytes = 8; padBytes <= F + 8; padBytes += 8) {
    for (const position of [4096 - padBytes, 2 ** 32 - padBytes]) {
      const goodbye = header(FRAME.GOODBYE, 0)
      const words = [...header(FRAME.PAD, padBytes - 8), ...new Array((padBytes - 8) / 4).fill(0xffff_ffff), ...goodbye]
      assert.deepEqual(readAll(words, undefined, position), [0], `${padBytes} bytes before ${position + padBytes}`)
    }
  }
})

test('PAD frames alone, as many as fit, end in nothing or an error, never in a loop', () => {
  const whole = header(FRAME.PAD, 4088)
  assert.deepEqual(readAll(whole, 4096), [])
  assert.throws(() => readAll([...header(FRAME.PAD, 0), ...header(FRAME.PAD, 0)], undefined, 4088), isProtocolError)
})

test('a frame that is longer than what is published is a protocol error', () => {
  for (const [length, publishedBytes] of [
    [1, 8],
    [8, 8],
    [9, 16],
    [F, 512],
    [0x0fff_ffff, 4096],
  ]) {
    assert.throws(() => readAll(header(FRAME.DATA, length), publishedBytes), isProtocolError, `${length} in ${publishedBytes}`)
  }
})

test('a frame that would wrap is a protocol error', () => {
  assert.throws(() => readAll(header(FRAME.DATA, 16), 64, 4096 - 16), isProtocolError)
  assert.throws(() => readAll(header(FRAME.DATA, 16), 64, 2 ** 32 - 16), isProtocolError)
  assert.deepEqual(readAll(header(FRAME.DATA, 8), 16, 2 ** 32 - 16), [8])
})

test('the largest length that a header can hold allocates nothing', () => {
  const before = process.memoryUsage().arrayBuffers
  for (const kind of [0, 1, 2, 3, 4, 5, 6, 7, 15]) assert.throws(() => readAll(header(kind, 0x0fff_ffff), 4096), isProtocolError)
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024)
})

test('on a large ring a payload is limited to 64 KiB', () => {
  const { plant, reader } = testRing(0x40_0000)
  plant(header(FRAME.DATA, 0x1_0001), 0x1_0010)
  const frames = new FrameReader(reader)
  assert.throws(() => frames.next(), isProtocolError)
})

test('whether frames wait can be asked of a broken ring', () => {
  const { reader, setTail } = testRing()
  const frames = new FrameReader(reader)
  setTail(5)
  assert.equal(frames.hasMore(), true)
  assert.throws(() => frames.next(), isProtocolError)
})

test('random words in a ring are frames or a protocol error, nothing else', () => {
  const word = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 0xffff_ffff }) },
    { weight: 3, arbitrary: fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 600 })).map(([k, l]) => (k << 28) | l) },
    { weight: 1, arbitrary: fc.constantFrom(lengthWord(FRAME.GOODBYE, 0), lengthWord(FRAME.END, 16), lengthWord(FRAME.DATA, 8), 0) },
  )
  const bytes = fc.integer({ min: 0, max: 5000 })
  const position = fc.integer({ min: 0, max: 2 ** 29 - 1 }).map((unit) => unit * 8)
  const outcomes = { frames: 0, errors: 0 }
  fc.assert(
    fc.property(fc.array(word, { minLength: 2, maxLength: 1024, size: 'max' }), bytes, position, (words, published, start) => {
      try {
        const lengths = readAll(words, published, start)
        assert.ok(lengths.every((length) => length <= F))
        outcomes.frames++
      } catch (error) {
        if (!(error instanceof MillraceError) || error.code !== 'Protocol') throw error
        outcomes.errors++
      }
    }),
    { numRuns: 2000 },
  )
  assert.ok(outcomes.frames > 0 && outcomes.errors > 0)
})

test('a sound run of frames with one word changed is frames or a protocol error, nothing else', () => {
  const kinds = fc.array(fc.constantFrom(FRAME.DATA, FRAME.END, FRAME.GOODBYE, FRAME.DATA_MORE, FRAME.CALL), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(kinds, fc.nat(), fc.integer({ min: 0, max: 0xffff_ffff }), (chosen, where, value) => {
      const words = chosen.flatMap((kind) => {
        const length = kind === FRAME.END ? 16 : kind === FRAME.GOODBYE ? 0 : kind === FRAME.DATA_MORE ? F : 24
        return [...header(kind, length), ...new Array(length / 4).fill(1)]
      })
      assert.equal(readAll(words).length, chosen.length)
      words[where % words.length] = value
      try {
        readAll(words)
      } catch (error) {
        if (!(error instanceof MillraceError) || error.code !== 'Protocol') throw error
      }
    }),
    { numRuns: 500 },
  )
})
