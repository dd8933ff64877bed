import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { MillraceError } from '../../src/base/errors.js'
import { ControlReader } from '../../src/frame/control-reader.js'
import { CONTROL } from '../../src/frame/kinds.js'
import { testRing } from '../support/rings.js'

const isProtocolError = { code: 'Protocol' }

function readAll(words: readonly number[], publishedBytes?: number, position = 0): number {
  const { plant, reader } = testRing(4096, position)
  plant(words, publishedBytes)
  const records = new ControlReader(reader)
  let count = 0
  while (records.next() !== undefined) count++
  return count
}

test('the bytes of a record are type, flags, generation, id and value, little endian', () => {
  const { plant, reader } = testRing()
  plant([0xbeef_0102, 0xfedc_ba98, 0x8765_4321, 0x001f_ffff])
  assert.deepEqual(
    { ...new ControlReader(reader).next() },
    { type: CONTROL.CREDIT, flags: 1, generation: 0xbeef, id: 0xfedc_ba98, value: 0x1f_ffff_8765_4321 },
  )
})

test('half a record is a protocol error, alone and after whole ones', () => {
  assert.throws(() => readAll([0, 1]), isProtocolError)
  assert.throws(() => readAll([0, 1, 0, 0, 0, 1]), isProtocolError)
  assert.throws(() => readAll([0, 1, 0, 0], 16 * 255 + 8), isProtocolError)
})

test('a record that would wrap is a protocol error', () => {
  assert.throws(() => readAll([0, 1, 0, 0], 16, 4096 - 8), isProtocolError)
  assert.throws(() => readAll([0, 1, 0, 0], 16, 2 ** 32 - 8), isProtocolError)
})

test('a value of every size up to 2^53 - 1 is read, and beyond is a protocol error', () => {
  assert.equal(readAll([0, 1, 0xffff_ffff, 0x001f_ffff]), 1)
  for (const high of [0x0020_0000, 0x8000_0000, 0xffff_ffff]) assert.throws(() => readAll([0, 1, 0, high]), isProtocolError)
})

test('random words in a control ring are records or a protocol error, nothing else', () => {
  const word = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 4 }))
  fc.assert(
    fc.property(fc.array(word, { minLength: 4, maxLength: 1024, size: 'max' }), fc.integer({ min: 0, max: 5000 }), (words, published) => {
      try {
        assert.ok(readAll(words, published) <= 256)
      } catch (error) {
        if (!(error instanceof MillraceError) || error.code !== 'Protocol') throw error
      }
    }),
    { numRuns: 2000 },
  )
})
