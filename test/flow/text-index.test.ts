import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TextIndex } from '../../src/flow/operators/text-index.js'

function number(index: TextIndex, known: Map<string, number>, text: string): void {
  const expected = known.get(text) ?? known.size
  assert.equal(index.find(text, known.size), expected)
  known.set(text, expected)
}

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\0', '\0\0', 'a', 'a\0', 'a\0\0\0', '\ud800', '\udc00', '\ud83d\ude00', 'é', 'e\u0301', 'long '.repeat(9000)),
)

test('texts get numbers in the order in which they appear, equal ones the same, and come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.array(texts, { maxLength: 60 }), { maxLength: 3 }), (rounds) => {
      const index = new TextIndex()
      for (const round of rounds) {
        const known = new Map<string, number>()
        for (const text of [...round, ...round]) number(index, known, text)
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
  for (let i = 0; i < 100_000; i++) number(index, known, `${(i * 7919) % 60_000} words`)
  assert.equal(known.size, 60_000)
  for (const [text, at] of known) assert.equal(index.textOf(at), text)
})
