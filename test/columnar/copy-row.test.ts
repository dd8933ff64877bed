import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { copyRow } from '../../src/columnar/copy-row.js'

test('what is changed in a copy is not changed in the row, however deep it is', () => {
  const make = () => ({
    n: 1,
    big: 2n,
    nothing: null,
    at: new Date(7),
    bytes: Uint8Array.of(1, 2),
    buffer: Buffer.from('ab'),
    list: [{ tags: ['a'] }, [1], new Date(8)],
    object: { inside: { bytes: Uint8Array.of(3) } },
  })
  const row = make()
  const copy = copyRow(row) as ReturnType<typeof make>
  assert.deepEqual(copy, row)
  copy.at.setTime(0)
  copy.bytes[0] = 9
  copy.buffer[0] = 9
  const [first, second, third] = copy.list as [{ tags: string[] }, number[], Date]
  first.tags.push('b')
  second.push(2)
  third.setTime(0)
  copy.object.inside.bytes[0] = 9
  assert.deepEqual(row, make())
})

test('bytes stay of their kind, a frozen row can be changed, and what no column holds is the same', () => {
  const map = new Map()
  const copy = copyRow(Object.freeze({ buffer: Buffer.from('ab'), map, n: 1 }))
  assert.ok(Buffer.isBuffer(copy.buffer) && copy.buffer.toString() === 'ab')
  assert.equal(copy.map, map)
  copy.n = 2
  assert.equal(copy.n, 2)
})

test('a list that has itself as an element ends', () => {
  const list: unknown[] = []
  list.push(list)
  assert.ok(Array.isArray(copyRow({ list }).list))
})
