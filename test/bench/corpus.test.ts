import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { lines, readBatches } from 'millrace/flow'
import { corpus } from '../../bench/corpus.js'
import { numberedWords } from '../../examples/word-pairs/variants.js'

const SPEC = { seed: 7, vocabulary: 100, exponent: 1.2, lines: 501, files: 3 }

test('a corpus is the same for the same seed and has the lines, bytes and distinct pairs it states', async () => {
  const texts: string[] = []
  for (let round = 0; round < 2; round++) {
    const made = await corpus(SPEC)
    assert.deepEqual(await corpus(SPEC), made)
    const read: string[] = []
    for await (const batch of readBatches(lines(made.pattern))) read.push(...batch.map((line) => line.text))
    assert.equal(read.length, SPEC.lines)
    const text = `${read.join('\n')}\n`
    assert.equal(text.length, made.bytes)
    const counts = [...(await numberedWords(readBatches(lines(made.pattern))))]
    assert.equal(counts.length, made.distinctPairs)
    texts.push(text)
    rmSync(dirname(made.pattern), { recursive: true })
  }
  assert.equal(texts[0], texts[1])
})
