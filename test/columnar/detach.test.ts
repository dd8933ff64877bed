import assert from 'node:assert/strict'
import { test } from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'
import fc from 'fast-check'
import { detach, detachRow } from '../../src/columnar/detach.js'
import { anyUnits, Pipe } from './support.js'

test('a detached value is the same value', () => {
  fc.assert(fc.property(anyUnits, (text) => assert.equal(detach(text), text)))
  const date = new Date(1)
  assert.equal(detach(date), date)
  assert.equal(detach(null), null)
  const row = { a: 'a string of more than a dozen chars', n: 1, u: 'and one with an é or a \ud800 in it' }
  assert.deepStrictEqual(detachRow({ ...row }), row)
})

test('what is inside lists and objects is detached too, in place unless it is frozen; what is no plain object stays itself', () => {
  const long = 'a string of more than a dozen chars'
  class Point {
    text = long
  }
  const row = { l: [long, { t: long, n: 1 }], o: { f: Object.freeze([long]), p: new Point(), b: Buffer.from('bytes of a pool') } }
  const copy = structuredClone({ ...row, o: { ...row.o, p: null } })
  const { l, o } = row
  const { p } = o
  detachRow(row)
  assert.ok(row.l === l && row.o === o && row.o.p === p)
  assert.deepStrictEqual({ ...row, o: { ...row.o, p: null } }, { ...copy, o: { ...copy.o, b: new Uint8Array(copy.o.b) } })
  assert.equal(row.o.b.buffer.byteLength, 15)
  const circle: Record<string, unknown> = {}
  circle.self = circle
  assert.equal(detachRow(circle), circle)
})

test('a detached string does not keep the text of its batch alive', () => {
  v8.setFlagsFromString('--expose-gc')
  const gc = vm.runInNewContext('gc') as () => void
  const heapBytes = (): number => {
    gc()
    return process.memoryUsage().heapUsed
  }
  const before = heapBytes()
  const kept: unknown[] = []
  for (let i = 0; i < 20; i++) {
    const rows = Array.from({ length: 500 }, (_, j) => ({ text: `${i} ${j} `.padEnd(1000, 'x') }))
    kept.push(detach(new Pipe().send(rows)[i]?.text))
  }
  assert.equal(kept.length, 20)
  assert.ok(heapBytes() - before < 2_000_000, `${heapBytes() - before} bytes for 20 strings of 1,000 chars`)
})
