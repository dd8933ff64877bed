import assert from 'node:assert/strict'
import test from 'node:test'
import { LIMITS } from '../../src/base/limits.js'

const isPowerOfTwo = (value: number) => Number.isInteger(Math.log2(value))

test('every limit is a positive integer that fits 32 bits and names its unit', () => {
  for (const [name, value] of Object.entries(LIMITS)) {
    assert.ok(Number.isInteger(value) && value > 0 && value <= 0xffff_ffff, name)
    assert.match(name, /(Bytes|BytesMin|BytesMax|BytesDefault|Max|Ms|MsMax)$/)
  }
})

test('ring sizes are powers of two and in order, so that positions wrap by a mask', () => {
  const sizes = [LIMITS.ringBytesMin, LIMITS.ringBytesDefault, LIMITS.ringBytesMax]
  assert.ok(sizes.every(isPowerOfTwo))
  assert.ok(isPowerOfTwo(LIMITS.controlRingBytes))
  assert.deepEqual(
    sizes,
    [...sizes].sort((a, b) => a - b),
  )
})

test('the largest frame is a multiple of 8 and fits the length field and the largest window', () => {
  assert.equal(LIMITS.framePayloadBytesMax % 8, 0)
  assert.ok(LIMITS.framePayloadBytesMax + LIMITS.frameCostBytes <= LIMITS.windowBytesMax)
  assert.ok(LIMITS.framePayloadBytesMax < 2 ** 28)
})

test('the largest message fits its length prefix, and one window fits the elastic memory', () => {
  assert.ok(LIMITS.messageBytesMax <= 0xffff_ffff)
  assert.ok(LIMITS.windowBytesMax <= LIMITS.elasticBytes)
})
