import assert from 'node:assert/strict'
import test from 'node:test'
import type { PhysicalStreamId } from '../../src/base/ids.js'
import { FrameReader } from '../../src/frame/frame-reader.js'
import { FrameWriter } from '../../src/frame/frame-writer.js'
import { FRAME } from '../../src/frame/kinds.js'
import { testRing } from '../support/rings.js'

const payload = new Uint8Array(504).fill(5)
const write = (outlet: FrameWriter): boolean => outlet.tryWrite(FRAME.DATA, 1 as PhysicalStreamId, payload, 0, payload.length, -1)

test('the reader can begin while a long run is still being written, and publish still tells that it is to be woken', () => {
  const { writer, reader } = testRing()
  const outlet = new FrameWriter(writer)
  const inlet = new FrameReader(reader)
  write(outlet)
  assert.equal(inlet.next(), true)
  assert.equal(inlet.next(), false)
  assert.equal(outlet.publish(), true)
  assert.equal(outlet.publish(), false)
})

test('the writer can go on while a long run is still being read, and release still tells that it is to be woken', () => {
  const { writer, reader } = testRing()
  const outlet = new FrameWriter(writer)
  const inlet = new FrameReader(reader)
  for (let frame = 0; frame < 8; frame++) assert.equal(write(outlet), true)
  assert.equal(outlet.wantRoom(), false)
  inlet.next()
  assert.equal(write(outlet), false, 'the current frame is not freed')
  inlet.next()
  assert.equal(write(outlet), true)
  assert.equal(inlet.release(), true)
  assert.equal(inlet.release(), false)
})
