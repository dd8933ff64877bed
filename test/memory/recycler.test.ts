import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recycler } from '../../src/memory/recycler.js'

test('memory that came back last goes out first, where it is large enough', () => {
  const recycler = new Recycler()
  const [first, second] = [recycler.allocate(1000), recycler.allocate(2000)]
  assert.notEqual(first.buffer, second.buffer)
  recycler.takeBack(first)
  recycler.takeBack(second)
  const third = recycler.allocate(1500)
  assert.equal(third.buffer, second.buffer)
  assert.equal(third.length, 1500)
  assert.notEqual(recycler.allocate(1500).buffer, first.buffer)
  assert.equal(recycler.allocate(1000).buffer, first.buffer)
})

test('no more than 2 MiB are kept, and nothing that was transferred', () => {
  const recycler = new Recycler()
  const all = Array.from({ length: 40 }, () => recycler.allocate(0x1_0000))
  const buffers = new Set(all.map(({ buffer }) => buffer))
  structuredClone(all[0].buffer, { transfer: [all[0].buffer as ArrayBuffer] })
  for (const bytes of all) recycler.takeBack(bytes)
  const again = Array.from({ length: 40 }, () => recycler.allocate(0x1_0000))
  assert.equal(again.filter(({ buffer }) => buffers.has(buffer)).length, 32)
  assert.equal(recycler.allocate(100).length, 100)
  recycler.takeBack(new Uint8Array(0x20_0001))
  assert.equal(recycler.allocate(100).buffer.byteLength, 100)
})
