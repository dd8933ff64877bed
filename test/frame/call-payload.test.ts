import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { MillraceError } from '../../src/base/errors.js'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { CALL_HEADER_BYTES, type CallPayload, decodeCall, encodeCall, NO_INPUT_STREAM } from '../../src/frame/call-payload.js'

const isProtocolError = { code: 'Protocol' }
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff }) as fc.Arbitrary<PhysicalStreamId>
const common = { generation: u16, procedure: u16, limit: fc.maxSafeNat(), valuesAhead: u16 }
const stream = { inputId: u32.filter((id) => id !== NO_INPUT_STREAM), inputGeneration: u16 }
const call: fc.Arbitrary<CallPayload> = fc.oneof(
  fc.record(
    {
      ...common,
      inputId: fc.constant(NO_INPUT_STREAM),
      inputGeneration: fc.constant(0),
      input: fc.uint8Array({ maxLength: 600 }),
    },
    { noNullPrototype: true },
  ),
  fc.record({ ...common, ...stream, input: fc.constant(undefined) }, { noNullPrototype: true }),
  fc.record({ ...common, ...stream, input: fc.uint8Array({ maxLength: 600 }) }, { noNullPrototype: true }),
)
const PLAIN: CallPayload = {
  generation: 1,
  procedure: 2,
  limit: 3,
  inputId: NO_INPUT_STREAM,
  inputGeneration: 0,
  input: Uint8Array.of(9, 8),
}
const STREAMED: CallPayload = { ...PLAIN, inputId: 5 as PhysicalStreamId, inputGeneration: 6, input: undefined }

/** An encoded call with one byte of it changed. */
function changed(from: CallPayload, at: number, value: number): Uint8Array {
  const payload = encodeCall(from)
  payload[at] = value
  return payload
}

test('every call comes back as it was encoded, wherever its bytes lie', () => {
  fc.assert(
    fc.property(call, fc.integer({ min: 0, max: 9 }), (given, at) => {
      const encoded = encodeCall(given)
      const buffer = new Uint8Array(encoded.length + at)
      buffer.set(encoded, at)
      assert.deepEqual(decodeCall(buffer.subarray(at)), given)
    }),
  )
})

test('an empty input is an input', () => {
  assert.deepEqual(decodeCall(encodeCall({ ...PLAIN, input: new Uint8Array(0) })).input, new Uint8Array(0))
  assert.equal(decodeCall(encodeCall(STREAMED)).input, undefined)
})

test('a CALL shorter than its header is a protocol error', () => {
  for (let length = 0; length < CALL_HEADER_BYTES; length++) {
    assert.throws(() => decodeCall(encodeCall(PLAIN).subarray(0, length)), isProtocolError)
  }
})

test('every reserved bit of a CALL is a protocol error', () => {
  for (let bit = 2; bit < 32; bit++) {
    assert.throws(() => decodeCall(changed(PLAIN, 4 + (bit >> 3), 1 << (bit & 7))), isProtocolError, `flag ${bit}`)
  }
  assert.throws(() => decodeCall(changed(STREAMED, 4, 3)), isProtocolError)
})

test('a CALL with a limit that a number does not hold exactly is a protocol error', () => {
  for (const [at, value] of [
    [14, 0x20],
    [15, 0x80],
  ]) {
    assert.throws(() => decodeCall(changed(PLAIN, at, value)), isProtocolError)
  }
})

test('a CALL with an input both streamed and enclosed is a protocol error', () => {
  assert.throws(() => decodeCall(changed(PLAIN, 4, 1)), isProtocolError)
})

test('a CALL with an input stream that has no id is a protocol error', () => {
  for (const flags of [1, 2]) {
    const payload = encodeCall({ ...PLAIN, input: new Uint8Array(0) })
    payload[4] = flags
    assert.throws(() => decodeCall(payload), isProtocolError)
  }
})

test('a CALL that names an input stream it does not have is a protocol error', () => {
  for (const at of [16, 19, 20, 21]) assert.throws(() => decodeCall(changed(PLAIN, at, 1)), isProtocolError, `byte ${at}`)
})

test('random bytes are a call or a protocol error, nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64, size: 'max' }), (bytes) => {
      try {
        decodeCall(bytes)
      } catch (error) {
        if (!(error instanceof MillraceError) || error.code !== 'Protocol') throw error
      }
    }),
    { numRuns: 1000 },
  )
})
