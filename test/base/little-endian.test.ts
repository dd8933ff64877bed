import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { getF64, getU16, getU32, getU64, putU16, putU32, putU64 } from '../../src/base/little-endian.js'

const AT = 3

test('numbers are read and written as a DataView does, wherever they stand, and nothing beside them is', () => {
  const property = fc.property(fc.nat(0xffff), fc.nat(0xffff_ffff), fc.maxSafeNat(), fc.double(), (u16, u32, u64, f64) => {
    const view = new DataView(new ArrayBuffer(32))
    const ours = new Uint8Array(32)
    const theirs = new Uint8Array(view.buffer)
    const same = (): void => assert.deepEqual(ours, theirs)
    putU16(ours, AT, u16)
    view.setUint16(AT, u16, true)
    same()
    assert.equal(getU16(theirs, AT), u16)
    putU32(ours, AT, u32)
    view.setUint32(AT, u32, true)
    same()
    assert.equal(getU32(theirs, AT), u32)
    putU64(ours, AT, u64)
    view.setBigUint64(AT, BigInt(u64), true)
    same()
    assert.equal(getU64(theirs, AT), u64)
    view.setFloat64(AT, f64, true)
    assert.ok(Object.is(getF64(theirs, AT), f64))
  })
  fc.assert(property, { numRuns: 500 })
})

test('what is no safe integer is not read as one', () => {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  for (const big of [2n ** 53n, 2n ** 53n + 1n, 2n ** 60n + 1n, 2n ** 64n - 1n]) {
    view.setBigUint64(0, big, true)
    assert.ok(!Number.isSafeInteger(getU64(bytes, 0)), String(big))
  }
})
