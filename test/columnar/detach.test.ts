import assert from 'node:assert/strict'
import { test } from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'
import fc from 'fast-check'
import { detach, detachRow } from '../../src/columnar/detach.js'
import type { Row } from '../../src/columnar/schema.js'
import { anyUnits, Pipe } from './support.js'

v8.setFlagsFromString('--expose-gc')
const gc = vm.runInNewContext('gc') as () => void

function heapBytes(): number {
  gc()
  return process.memoryUsage().heapUsed
}

test('a detached value is the same value', () => {
  fc.assert(fc.property(anyUnits, (text) => assert.equal(detach(text), text)))
  const date = new Date(1)
  assert.equal(detach(date), date)
  assert.equal(detach(null), null)
  const row = { a: 'a string of more than a dozen chars', n: 1, u: 'and one with an é or a \ud800 in it' }
  assert.deepStrictEqual(detachRow({ ...row }), row)
})

test('what is inside lists and objects is detached too: what holds such is copied, all else stays itself', () => {
  const long = 'a string of more than a dozen chars'
  class Point {
    text = long
  }
  const row = {
    l: [long, { t: long, n: 1 }],
    o: Object.freeze({ f: Object.freeze([long]), p: new Point(), b: Buffer.from('bytes of a pool') }),
    g: Object.freeze({
      get text(): string {
        return long
      },
    }),
    same: [{ short: 'x' }, null, 1, new Uint8Array(3), new Date(0)],
  }
  const before = { ...row }
  detachRow(row)
  assert.deepStrictEqual(row, { ...before, o: { ...before.o, b: new Uint8Array(before.o.b) }, g: { text: long } })
  for (const name of ['l', 'o', 'g'] as const) assert.notEqual(row[name], before[name])
  assert.ok(row.same === before.same && row.o.p === before.o.p)
  assert.equal(row.o.b.buffer.byteLength, 15)
  const circle: Record<string, unknown> = {}
  circle.self = circle
  assert.equal(detachRow(circle).self, circle)
})

test('strings inside lists and objects do not keep the text of their batch alive, nor pieces of bytes the rest', () => {
  const before = heapBytes()
  const kept: unknown[] = []
  for (let i = 0; i < 20; i++) {
    const rows = Array.from({ length: 500 }, (_, j) => ({ in: [{ text: `${i} ${j} `.padEnd(1000, 'x') }] }))
    kept.push(detachRow(new Pipe().send(rows)[i] as Row))
  }
  assert.equal(kept.length, 20)
  assert.ok(heapBytes() - before < 2_000_000, `${heapBytes() - before} bytes for 20 rows of 1,000 chars`)
  assert.equal(detach(new Uint8Array(1000).subarray(1)).buffer.byteLength, 999)
})

test('a detached string does not keep the text of its batch alive', () => {
  const before = heapBytes()
  const kept: unknown[] = []
  for (let i = 0; i < 20; i++) {
    const rows = Array.from({ length: 500 }, (_, j) => ({ text: `${i} ${j} `.padEnd(1000, 'x') }))
    kept.push(detach(new Pipe().send(rows)[i]?.text))
  }
  assert.equal(kept.length, 20)
  assert.ok(heapBytes() - before < 2_000_000, `${heapBytes() - before} bytes for 20 strings of 1,000 chars`)
})
