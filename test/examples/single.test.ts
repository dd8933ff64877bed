import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compare, ordered, top } from '../../examples/word-pairs/single.js'
import type { PairCount } from '../../examples/word-pairs/stages.js'
import { byHand, type Lines, numberedWords, VARIANTS } from '../../examples/word-pairs/variants.js'
import { words } from '../../examples/word-pairs/words.js'

const pairCount = fc.record({ pair: fc.string({ maxLength: 3 }), n: fc.integer({ min: 1, max: 5 }) })

async function* inBatches(texts: readonly string[]): AsyncGenerator<{ text: string }[]> {
  for (let at = 0; at < texts.length; at += 2) yield texts.slice(at, at + 2).map((text) => ({ text }))
}

test('words are runs of enough ASCII letters in lower case, whatever stands between them', () => {
  assert.deepEqual(words('The quick-brown FOX, a b2 jumps_over été', 3), ['the', 'quick', 'brown', 'fox', 'jumps', 'over'])
  assert.deepEqual(words('', 3), [])
  assert.deepEqual(words('ab abc abcd', 4), ['abcd'])
  assert.deepEqual(words('end', 3), ['end'])
})

test('words are what a regular expression finds, for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 5 }), (text, min) => {
      assert.deepEqual(words(text, min), text.toLowerCase().match(new RegExp(`[a-z]{${min},}`, 'g')) ?? [])
    }),
  )
})

test('every way to count word pairs in one thread gives the same counts', async () => {
  const text = fc.array(fc.constantFrom('one', 'two', 'Three', 'constructor', '__proto__', 'no', '42'), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 8 }), async (lines) => {
      const source = (): Lines => inBatches(lines.map((line) => line.join(' ')))
      const expected = naive(lines.map((line) => line.join(' ')))
      for (const count of [...Object.values(VARIANTS), byHand, numberedWords])
        assert.deepEqual(ordered(await count(source())), expected, count.name)
    }),
  )
})

function naive(lines: readonly string[]): PairCount[] {
  const pairs = lines.flatMap((line) => {
    const found = line.toLowerCase().match(/[a-z]{3,}/g) ?? []
    return found.slice(1).map((word, index) => `${found[index]} ${word}`)
  })
  return [...new Set(pairs)].map((pair) => ({ pair, n: pairs.filter((other) => other === pair).length })).sort(compare)
}

test('the top of the counts is the beginning of their order, also for equal counts', () => {
  fc.assert(
    fc.property(fc.uniqueArray(pairCount, { selector: (count) => count.pair }), fc.integer({ min: 1, max: 8 }), (counts, rows) => {
      assert.deepEqual(top(counts, rows), ordered(counts).slice(0, rows))
    }),
  )
})
