import assert from 'node:assert/strict'
import test from 'node:test'
import { WORD_STRIDE_BYTES } from '../../src/memory/segment.js'
import { attachRing, checkCapacity, initRing, isPowerOfTwo, RING, ringSizeBytes } from '../../src/ring/layout.js'
import { RingReader } from '../../src/ring/ring-reader.js'
import { RingWriter } from '../../src/ring/ring-writer.js'

const CAPACITIES = Array.from({ length: 11 }, (_, at) => 4096 << at)

test('every shared word of a ring is alone in 128 bytes, and the data lies behind them all', () => {
  const bytes = [RING.tail, RING.head, RING.spaceWanted, RING.capacity].map((word) => word * 4)
  assert.deepEqual(
    bytes.map((at) => Math.floor(at / WORD_STRIDE_BYTES)),
    [0, 1, 2, 3],
  )
  assert.ok(RING.headerBytes >= Math.max(...bytes) + WORD_STRIDE_BYTES)
})

test('the data of every capacity ends where the ring ends', () => {
  assert.equal(CAPACITIES.at(-1), 0x40_0000)
  for (const capacity of CAPACITIES) {
    const region = { segment: new SharedArrayBuffer(ringSizeBytes(capacity)), offset: 0, capacity }
    initRing(region)
    const { words, bytes, data } = attachRing(region)
    assert.equal(words.byteOffset + words.byteLength, bytes.byteOffset)
    assert.equal(bytes.byteOffset, data.byteOffset)
    assert.equal(bytes.byteLength, capacity)
    assert.equal(data.byteLength, capacity)
    assert.equal(bytes.byteOffset + capacity, ringSizeBytes(capacity))
  }
})

test('rings beside each other in one segment do not touch each other', () => {
  const sizeBytes = ringSizeBytes(4096)
  const segment = new SharedArrayBuffer(3 * sizeBytes)
  const regions = [0, 1, 2].map((at) => ({ segment, offset: at * sizeBytes, capacity: 4096 }))
  for (const region of regions) initRing(region, 2 ** 32 - 8)
  const before = new Uint8Array(segment).slice()
  const writer = new RingWriter(regions[1])
  const reader = new RingReader(regions[1])
  for (let round = 0; round < 100; round++) {
    const sizeBytes = Math.min(4096, writer.contiguousBytes)
    const offset = writer.claim(sizeBytes)
    writer.bytes.fill(0xff, offset, offset + sizeBytes)
    writer.wantSpace(8)
    writer.publish()
    reader.available()
    reader.advance(sizeBytes)
    reader.release()
  }
  const after = new Uint8Array(segment)
  assert.deepEqual(after.slice(0, sizeBytes), before.slice(0, sizeBytes))
  assert.deepEqual(after.slice(2 * sizeBytes), before.slice(2 * sizeBytes))
})

test('only powers of two from 4 KiB to 4 MiB are capacities', () => {
  for (const capacity of CAPACITIES) checkCapacity(capacity)
  for (const capacity of [0, 1, 8, 2048, 4095, 4097, 6144, 0x80_0000, 2 ** 32, 2 ** 32 + 4096, -4096, 4096.5, Number.NaN, Infinity]) {
    assert.throws(() => checkCapacity(capacity), { code: 'InvalidArgument' }, String(capacity))
    assert.throws(() => initRing({ segment: new SharedArrayBuffer(8192), offset: 0, capacity }), { code: 'InvalidArgument' })
  }
})

test('only powers of two are powers of two', () => {
  for (let bit = 0; bit < 31; bit++) assert.equal(isPowerOfTwo(2 ** bit), true)
  for (const value of [0, -1, 3, 6, 0.5, 2 ** 32 + 1, Number.NaN, Infinity]) assert.equal(isPowerOfTwo(value), false, String(value))
})

test('a ring is attached only where it lies whole in its segment', () => {
  const segment = new SharedArrayBuffer(ringSizeBytes(4096) + 8)
  initRing({ segment, offset: 8, capacity: 4096 })
  assert.equal(attachRing({ segment, offset: 8, capacity: 4096 }).bytes.byteOffset, 8 + RING.headerBytes)
  for (const offset of [4, 12, 16, 2 ** 31, -8, Number.NaN, 0.5]) {
    assert.throws(() => attachRing({ segment, offset, capacity: 4096 }), { code: 'Protocol' }, String(offset))
  }
})

test('a region that says another capacity, or none, is not attached', () => {
  const segment = new SharedArrayBuffer(ringSizeBytes(8192))
  assert.throws(() => attachRing({ segment, offset: 0, capacity: 4096 }), { code: 'Protocol' })
  initRing({ segment, offset: 0, capacity: 8192 })
  assert.throws(() => attachRing({ segment, offset: 0, capacity: 4096 }), { code: 'Protocol' })
})
