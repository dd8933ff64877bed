import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TextEntries } from '../../src/flow/operators/text-entries.js'
import { TEXTS_AT_ONCE, TextIndex } from '../../src/flow/operators/text-index.js'

/** Looks texts up, `atOnce` of them together. */
function number(index: TextIndex, known: Map<string, number>, texts: readonly string[], atOnce: number): void {
  const numbers = new Int32Array(TEXTS_AT_ONCE)
  for (let from = 0; from < texts.length; from += atOnce) {
    const some = texts.slice(from, from + atOnce)
    const next = known.size
    for (const text of some) if (!known.has(text)) known.set(text, known.size)
    assert.equal(index.find(some, some.length, numbers, next), known.size)
    assert.deepEqual(
      [...numbers.subarray(0, some.length)],
      some.map((text) => known.get(text)),
    )
  }
}

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\0', '\0\0', 'a', 'a\0', 'a\0\0\0', '\ud800', '\udc00', '\ud83d\ude00', 'é', 'e\u0301', 'long '.repeat(9000)),
)

test('texts get numbers in the order in which they appear, equal ones the same, and come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.array(texts, { maxLength: 60 }), { maxLength: 3 }), fc.integer({ min: 1, max: 100 }), (rounds, atOnce) => {
      const index = new TextIndex()
      for (const round of rounds) {
        const known = new Map<string, number>()
        number(index, known, [...round, ...round], atOnce)
        for (const [text, at] of known) assert.equal(index.textOf(at), text)
        for (const [text, at] of [...known].reverse()) assert.equal(index.textOf(at), text)
        index.clear()
        assert.equal(index.byteLength, 0)
      }
    }),
  )
})

test('a hundred thousand texts survive every growth of the table and of the text', () => {
  const index = new TextIndex()
  const known = new Map<string, number>()
  const all = Array.from({ length: 100_000 }, (_, i) => `${(i * 7919) % 60_000} words`)
  number(index, known, all, TEXTS_AT_ONCE)
  assert.equal(known.size, 60_000)
  for (const [text, at] of known) assert.equal(index.textOf(at), text)
})

/** Two different texts of the same hash. */
function collision(): [string, string] {
  const entries = new TextEntries()
  const seen = new Map<number, string>()
  for (let n = 0; ; n++) {
    entries.clear()
    const text = `text ${n}`
    const hash = entries.hash(0, entries.add(text))
    const other = seen.get(hash)
    if (other !== undefined) return [other, text]
    seen.set(hash, text)
  }
}

test('seek finds what find has numbered, tells texts of one hash apart, and adds nothing', () => {
  const [a, b] = collision()
  const index = new TextIndex()
  const numbers = new Int32Array(TEXTS_AT_ONCE)
  const seek = (...asked: string[]): number[] => {
    index.seek(asked, asked.length, numbers)
    return [...numbers.subarray(0, asked.length)]
  }
  assert.deepEqual(seek(a, 'c', ''), [-1, -1, -1])
  assert.equal(index.find([a], 1, numbers, 0), 1)
  assert.deepEqual(seek(b, a, 'c'), [-1, 0, -1])
  assert.equal(index.find([b, 'c'], 2, numbers, 1), 3)
  assert.deepEqual(seek(b, a, 'c', 'd', ''), [1, 0, 2, -1, -1])
  assert.equal(index.find(['d'], 1, numbers, 3), 4)
})
