import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { testRing } from '../support/rings.js'

/** A position that cannot be where the other side is, however it came about. */
const isProtocolError = { code: 'Protocol' }

test('nothing is available before publish, and all of it at once after', () => {
  const { writer, reader } = testRing()
  writer.claim(64)
  assert.equal(writer.unpublishedBytes, 64)
  assert.equal(reader.available(), 0)
  writer.claim(8)
  assert.equal(reader.available(), 0)
  assert.equal(writer.publish(), true)
  assert.equal(writer.publish(), false)
  assert.equal(reader.available(), 72)
  assert.equal(writer.unpublishedBytes, 0)
})

test('space that was read is free only after release', () => {
  const { writer, reader } = testRing()
  writer.claim(4096)
  writer.publish()
  reader.available()
  reader.advance(4096)
  assert.equal(writer.hasRoom(8), false)
  assert.equal(writer.isDrained, false)
  assert.equal(reader.unreleasedBytes, 4096)
  reader.release()
  assert.equal(writer.hasRoom(4096), true)
  assert.equal(writer.hasRoom(4104), false)
  assert.equal(writer.isDrained, true)
})

test('a ring is that of a queue of bytes for every interleaving, also past 2^32', () => {
  const step = fc.tuple(fc.constantFrom('claim', 'publish', 'read', 'release', 'want'), fc.integer({ min: 1, max: 300 }))
  const start = fc.oneof(
    fc.integer({ min: 1, max: 1000 }).map((back) => 2 ** 32 - 8 * back),
    fc.integer({ min: 1, max: 1000 }).map((back) => 2 ** 31 - 8 * back),
    fc.constant(0),
  )
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 300, size: 'max' }), (position, steps) => {
      const { writer, reader } = testRing(4096, position)
      const model = { claimed: 0, published: 0, read: 0, released: 0, wanted: false }
      for (const [what, units] of steps) {
        const sizeBytes = Math.min(units * 8, writer.contiguousBytes)
        if (what === 'claim') {
          const fits = model.claimed + sizeBytes - model.released <= 4096
          assert.equal(writer.hasRoom(sizeBytes), fits)
          if (!fits) continue
          assert.equal(writer.claim(sizeBytes), (position + model.claimed) % 4096)
          model.claimed += sizeBytes
        } else if (what === 'publish') {
          assert.equal(writer.publish(), model.claimed > model.published)
          model.published = model.claimed
        } else if (what === 'read') {
          const available = reader.available()
          // What came after its last look is seen when that is read.
          assert.ok(available <= model.published - model.read)
          assert.equal(available > 0, model.published > model.read)
          assert.equal(reader.offset, (position + model.read) % 4096)
          const taken = Math.min(available, units * 8)
          reader.advance(taken)
          model.read += taken
        } else if (what === 'release') {
          const freed = model.read > model.released
          assert.equal(reader.release(), freed && model.wanted)
          if (freed) model.wanted = false
          model.released = model.read
        } else {
          model.wanted = true
          assert.equal(writer.wantSpace(sizeBytes), model.claimed + sizeBytes - model.released <= 4096)
        }
      }
      assert.equal(writer.publishedBytes, model.published)
    }),
  )
})

test('a writer that is more than the capacity ahead is a protocol error, at every distance and alignment', () => {
  for (const tail of [4104, 8192, 0x7fff_fff8, 2 ** 31, 2 ** 32 - 8]) {
    const { reader, setTail } = testRing()
    setTail(tail)
    assert.throws(() => reader.available(), isProtocolError, String(tail))
  }
})

test('a writer that goes back behind what was read is a protocol error', () => {
  const { writer, reader, setTail } = testRing(4096, 2 ** 32 - 16)
  writer.claim(16)
  writer.publish()
  reader.advance(reader.available())
  setTail(2 ** 32 - 8)
  assert.throws(() => reader.available(), isProtocolError)
})

test('a writer that overwrites what was read and not released is a protocol error', () => {
  const { writer, reader, setTail } = testRing()
  writer.claim(64)
  writer.publish()
  reader.advance(reader.available())
  setTail(4096 + 8)
  assert.throws(() => reader.available(), isProtocolError)
})

test('a position of the writer that is no multiple of 8 is a protocol error', () => {
  for (let odd = 1; odd < 8; odd++) {
    const { reader, setTail } = testRing()
    setTail(16 + odd)
    assert.throws(() => reader.available(), isProtocolError)
  }
})

test('a reader that is ahead of what was published is a protocol error', () => {
  const { writer, setHead } = testRing()
  writer.claim(32)
  writer.publish()
  writer.claim(32)
  for (const head of [40, 64, 72, 4096, 2 ** 31, 2 ** 32 - 8]) {
    setHead(head)
    assert.throws(() => writer.hasRoom(4096), isProtocolError, String(head))
    assert.throws(() => writer.wantSpace(4096), isProtocolError, String(head))
    assert.throws(() => writer.isDrained, isProtocolError, String(head))
  }
})

test('a reader that goes back is a protocol error', () => {
  const { writer, reader, setHead } = testRing()
  writer.claim(64)
  writer.publish()
  reader.advance(reader.available())
  reader.release()
  assert.equal(writer.isDrained, true)
  assert.equal(writer.hasRoom(4096), true)
  setHead(32)
  assert.throws(() => writer.wantSpace(4096), isProtocolError)
})

test('a position of the reader that is no multiple of 8 is a protocol error', () => {
  for (let odd = 1; odd < 8; odd++) {
    const { writer, setHead } = testRing()
    writer.claim(4096)
    writer.publish()
    setHead(8 + odd)
    assert.throws(() => writer.hasRoom(8), isProtocolError)
  }
})

test('nobody attaches to a ring whose positions cannot be', async () => {
  const { RingReader } = await import('../../src/ring/ring-reader.js')
  const { RingWriter } = await import('../../src/ring/ring-writer.js')
  for (const [tail, head] of [
    [4104, 0],
    [0, 8],
    [4, 4],
    [8, 4],
    [4, 0],
  ]) {
    const { region, setTail, setHead } = testRing()
    setTail(tail)
    setHead(head)
    assert.throws(() => new RingWriter(region), isProtocolError, `writer at ${tail}, ${head}`)
    assert.throws(() => new RingReader(region).available(), isProtocolError, `reader at ${tail}, ${head}`)
  }
})

test('a look that only asks whether something waits never throws, so that what is broken is found by reading', () => {
  const { reader, setTail } = testRing()
  assert.equal(reader.hasUnread(), false)
  setTail(3)
  assert.equal(reader.hasUnread(), true)
  assert.throws(() => reader.available(), isProtocolError)
})
