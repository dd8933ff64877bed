import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { align8, CONTROL, FRAME, type FrameKind } from '../../src/frame/kinds.js'
import { ParcelControlReader, ParcelControlWriter } from '../../src/frame/parcel-controls.js'
import { holdsFrameOf, ParcelFrameReader, ParcelFrameWriter } from '../../src/frame/parcel-frames.js'
import { type Parcel, Parcels } from '../../src/frame/parcels.js'
import { Recycler } from '../../src/memory/recycler.js'

const HEADER_BYTES = 8
const id = (value: number): PhysicalStreamId => value as PhysicalStreamId
const numbered = (length: number, first: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (first + at * 7) & 0xff)

interface Sent {
  readonly parcel: Parcel
  readonly ahead: boolean
}

/** A writer whose parcels wait until the test sends them, as those of a socket that is full. */
function heldBack(capacityBytes = 0x1_0000) {
  const sent: Sent[] = []
  let freed = 0
  const port = {
    headerBytes: HEADER_BYTES,
    send: (parcel: Parcel, ahead: boolean) => void sent.push({ parcel, ahead }),
    isWaiting: (stream: PhysicalStreamId) =>
      sent.some(({ parcel, ahead }) => !ahead && holdsFrameOf(parcel.bytes.subarray(HEADER_BYTES), stream)),
  }
  const writer = new ParcelFrameWriter(capacityBytes, port, new Recycler(), () => freed++)
  const reader = new ParcelFrameReader(capacityBytes)
  const write = (kind: FrameKind, stream: number, payload: Uint8Array) => writer.tryWrite(kind, id(stream), payload, 0, payload.length, -1)
  /** What goes over the socket: first what is ahead. */
  const release = () => {
    for (const { parcel } of [...sent].sort((a, b) => Number(b.ahead) - Number(a.ahead))) {
      reader.arrived(parcel.bytes.slice(HEADER_BYTES))
      parcel.flushed()
    }
    sent.length = 0
  }
  const read = () => {
    const frames: [number, number, Uint8Array][] = []
    while (reader.next()) frames.push([reader.kind, reader.id, reader.copy()])
    return frames
  }
  return { writer, reader, write, release, read, sent, freed: () => freed }
}

test('CALL, ERROR and RESET go ahead of frames that wait, but no frame ahead of those of its own stream', () => {
  const { writer, write, release, read } = heldBack()
  const one = numbered(8, 1)
  for (const stream of [1, 2]) write(FRAME.DATA, stream, one)
  writer.publish()
  write(FRAME.ERROR, 1, one)
  write(FRAME.RESET, 3, one)
  write(FRAME.CALL, 4, one)
  write(FRAME.DATA, 5, one)
  writer.publish()
  write(FRAME.ERROR, 5, one)
  write(FRAME.RESET, 6, one)
  writer.publish()
  release()
  assert.deepEqual(
    read().map(([kind, stream]) => [kind, stream]),
    [
      [FRAME.CALL, 4],
      [FRAME.DATA, 1],
      [FRAME.DATA, 2],
      [FRAME.ERROR, 1],
      [FRAME.RESET, 3],
      [FRAME.DATA, 5],
      [FRAME.ERROR, 5],
      [FRAME.RESET, 6],
    ],
  )
})

test('an ERROR of a stream of which nothing waits is first', () => {
  const { writer, write, release, read } = heldBack()
  write(FRAME.DATA, 1, numbered(8, 1))
  writer.publish()
  write(FRAME.ERROR, 2, numbered(8, 2))
  writer.publish()
  release()
  assert.deepEqual(
    read().map(([, stream]) => stream),
    [2, 1],
  )
})

test('what is not flushed counts as what a ring holds; room is told of once, where it was wanted', () => {
  const { writer, write, release, freed } = heldBack(4096)
  let frames = 0
  while (write(FRAME.DATA, 1, numbered(512, frames))) frames++
  assert.equal(frames, 7)
  writer.publish()
  assert.equal(writer.wantRoom(), false)
  release()
  assert.equal(freed(), 1)
  assert.equal(write(FRAME.DATA, 1, numbered(512, 0)), true)
  writer.publish()
  release()
  assert.equal(freed(), 1)
})

test('any frames, published and flushed at any time, come out whole and, of each stream, in order', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ stream: fc.integer({ min: 1, max: 3 }), length: fc.integer({ min: 1, max: 8192 }) }) },
    { weight: 2, arbitrary: fc.constant('publish' as const) },
    { weight: 2, arbitrary: fc.constant('release' as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const { writer, write, release, read } = heldBack(0x1_0000)
      const written = new Map<number, Uint8Array[]>([1, 2, 3].map((stream) => [stream, []]))
      const got = new Map<number, Uint8Array[]>([1, 2, 3].map((stream) => [stream, []]))
      const take = () => {
        for (const [, stream, payload] of read()) got.get(stream)?.push(payload)
      }
      steps.forEach((each, index) => {
        if (each === 'publish') writer.publish()
        else if (each === 'release') {
          release()
          take()
        } else {
          const payload = numbered(each.length, index)
          if (write(FRAME.DATA, each.stream, payload)) written.get(each.stream)?.push(payload)
        }
      })
      writer.publish()
      release()
      take()
      assert.deepEqual(got, written)
    }),
  )
})

test('frames come out whole as soon as all of them is here, wherever a parcel is cut', () => {
  const frames = fc.array(fc.integer({ min: 0, max: 8192 }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 9000 })), (lengths, cuts) => {
      const { writer, write, reader, sent } = heldBack(0x10_0000)
      const ends: number[] = []
      let size = 0
      for (const [index, length] of lengths.entries()) {
        if (length === 0) write(FRAME.GOODBYE, 0, new Uint8Array(0))
        else write(FRAME.DATA, 1, numbered(length, index))
        size += align8(8 + length)
        ends.push(size)
      }
      writer.publish()
      let arrived = 0
      let read = 0
      for (const { parcel } of sent) {
        let rest = parcel.bytes.slice(HEADER_BYTES)
        while (rest.length > 0) {
          const cut = Math.min(cuts.shift() ?? rest.length, rest.length)
          arrived += cut
          reader.arrived(rest.slice(0, cut), cut === rest.length)
          rest = rest.subarray(cut)
          assert.equal(reader.hasMore(), read < lengths.length && ends[read] <= arrived)
          for (; reader.next(); read++) assert.deepEqual(Uint8Array.from(reader.copy()), numbered(lengths[read], read))
          assert.equal(read, ends.filter((end) => end <= arrived).length)
        }
      }
      assert.equal(read, lengths.length)
    }),
  )
})

test('memory of parcels is used again once they are flushed, and not before', () => {
  const memory = new Recycler()
  const parcels = new Parcels(HEADER_BYTES, memory)
  const fill = (value: number) => {
    const at = parcels.claim(100_000)
    parcels.fill(at, new Uint8Array(100_000).fill(value))
    return parcels.take()
  }
  const [first] = fill(1)
  const [second] = fill(2)
  assert.notEqual(first.bytes.buffer, second.bytes.buffer)
  assert.ok(first.bytes.subarray(HEADER_BYTES).every((byte) => byte === 1))
  first.flushed()
  const [third] = fill(3)
  assert.equal(third.bytes.buffer, first.bytes.buffer)
  assert.ok(second.bytes.subarray(HEADER_BYTES).every((byte) => byte === 2))
})

for (const [what, bytes] of Object.entries({
  'a header that is cut': [1, 0, 0, 0],
  'a payload that is cut': [1, 0, 0, 0, 9, 0, 0, 0, 1, 2],
  'a length beyond all': [1, 0, 0, 0, 0xff, 0xff, 0xff, 0x0f],
  'an unknown kind': [1, 0, 0, 0, 1, 0, 0, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0],
  'a PAD': [0, 0, 0, 0, 0, 0, 0, FRAME.PAD << 4],
})) {
  test(`${what} in a parcel is a protocol error`, () => {
    const reader = new ParcelFrameReader(4096)
    reader.arrived(Uint8Array.from(bytes))
    assert.equal(reader.hasMore(), true)
    assert.throws(() => reader.next(), { code: 'Protocol' })
  })
}

test('control records in a parcel of another length are a protocol error', () => {
  for (const length of [0, 15, 17]) {
    const reader = new ParcelControlReader()
    reader.arrived(new Uint8Array(length))
    assert.throws(() => reader.next(), { code: 'Protocol' })
  }
})

test('256 control records may wait unflushed; room is told of where it was wanted', () => {
  const sent: Parcel[] = []
  let freed = 0
  const writer = new ParcelControlWriter({ headerBytes: HEADER_BYTES, send: (parcel) => void sent.push(parcel) }, () => freed++)
  const record = { type: CONTROL.CREDIT, flags: 1, generation: 2, id: id(3), value: 2 ** 40 }
  for (let n = 0; n < 256; n++) assert.equal(writer.trySend(record), true)
  assert.equal(writer.trySend(record), false)
  assert.equal(writer.publish(), true)
  assert.equal(writer.wantRoom(), false)
  const reader = new ParcelControlReader()
  for (const parcel of sent.splice(0)) {
    reader.arrived(parcel.bytes.subarray(HEADER_BYTES))
    parcel.flushed()
  }
  assert.equal(freed, 1)
  for (let n = 0; n < 256; n++) assert.deepEqual({ ...reader.next() }, record)
  assert.equal(reader.next(), undefined)
  assert.equal(writer.trySend(record), true)
})
