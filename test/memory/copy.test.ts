import assert from 'node:assert/strict'
import test from 'node:test'
import { copyBytes } from '../../src/memory/copy.js'

const KINDS = { private: (size: number) => new ArrayBuffer(size), shared: (size: number) => new SharedArrayBuffer(size) }
const LENGTHS = [0, 1, 7, 8, 9, 511, 512, 513, 1024, 4099, 65_536]

for (const [from, makeSource] of Object.entries(KINDS)) {
  for (const [to, makeTarget] of Object.entries(KINDS)) {
    test(`bytes of every length and alignment are copied from ${from} to ${to} memory, and nothing beside them`, () => {
      for (const length of LENGTHS) {
        for (const [sourceAt, targetAt] of [
          [0, 0],
          [0, 4],
          [3, 0],
          [5, 6],
        ]) {
          const source = new Uint8Array(makeSource(length + 8), sourceAt, length).map((_, at) => (at * 31) & 0xff)
          const shared = new Uint8Array(makeSource(length + 8), sourceAt, length)
          shared.set(source)
          const target = new Uint8Array(makeTarget(length + 16)).fill(0xaa)
          copyBytes(target, targetAt, shared)
          const expected = new Uint8Array(length + 16).fill(0xaa)
          expected.set(source, targetAt)
          assert.deepEqual(Uint8Array.from(target), expected, `${length} bytes from ${sourceAt} to ${targetAt}`)
        }
      }
    })
  }
}

test('what does not fit is refused and changes nothing', () => {
  for (const length of [8, 4096]) {
    const target = new Uint8Array(length + 3)
    assert.throws(() => copyBytes(target, 4, new Uint8Array(length).fill(1)), RangeError)
    assert.throws(() => copyBytes(target, -1, new Uint8Array(length).fill(1)), RangeError)
    assert.deepEqual(target, new Uint8Array(length + 3))
  }
})
