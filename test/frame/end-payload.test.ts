import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { decodeTotals, encodeTotals } from '../../src/frame/end-payload.js'

const isProtocolError = { code: 'Protocol' }

test('all totals come back as they were encoded, wherever their bytes lie', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), fc.integer({ min: 0, max: 9 }), (messages, bytes, at) => {
      const buffer = new Uint8Array(16 + at)
      buffer.set(encodeTotals({ messages, bytes }), at)
      assert.deepEqual(decodeTotals(buffer.subarray(at)), { messages, bytes })
    }),
  )
})

test('totals are two u64, little endian', () => {
  const payload = encodeTotals({ messages: 0x0102_0304, bytes: 0x1f_ffff_ffff_ffff })
  assert.deepEqual([...payload], [4, 3, 2, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0])
})

test('totals of another length are a protocol error', () => {
  for (const length of [0, 8, 15, 17, 24]) assert.throws(() => decodeTotals(new Uint8Array(length)), isProtocolError, String(length))
})

test('totals that a number does not hold exactly are a protocol error, never rounded', () => {
  for (const at of [6, 7, 14, 15]) {
    const payload = new Uint8Array(16)
    payload[at] = 0x20
    assert.throws(() => decodeTotals(payload), isProtocolError, `byte ${at}`)
  }
})
