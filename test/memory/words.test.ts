import assert from 'node:assert/strict'
import test from 'node:test'
import { createSegment, WORD_STRIDE_BYTES } from '../../src/memory/segment.js'
import { SharedWords } from '../../src/memory/shared-words.js'
import { StatusWord } from '../../src/memory/status-word.js'

test('shared words stand 128 bytes apart and do not touch each other', () => {
  const segment = createSegment(SharedWords.sizeBytes(3))
  assert.equal(segment.byteLength, 3 * WORD_STRIDE_BYTES)
  const words = new SharedWords(segment)
  assert.equal(words.count, 3)
  for (const index of [0, 1, 2]) words.store(index, index - 1)
  assert.deepEqual(
    [0, 1, 2].map((index) => words.load(index)),
    [-1, 0, 1],
  )
  assert.equal(words.exchange(1, 9), 0)
  const raw = new Int32Array(segment)
  for (const [at, value] of raw.entries()) assert.equal(value, [-1, 9, 1][at / 32] ?? 0)
})

test('a word beyond the last is an error of ours', () => {
  const words = new SharedWords(createSegment(SharedWords.sizeBytes(2)))
  for (const index of [-1, 2, Number.NaN]) assert.throws(() => words.load(index), { code: 'Internal' })
})

test('half a word at the end of a segment does not count', () => {
  assert.equal(new SharedWords(new ArrayBuffer(WORD_STRIDE_BYTES * 2 - 4)).count, 1)
})

test('a segment is zero, and one that cannot be had is an error with its size and the cure', () => {
  assert.ok(new Uint8Array(createSegment(4096)).every((byte) => byte === 0))
  assert.throws(() => createSegment(2 ** 52), { code: 'OutOfMemory', message: /4503599627370496 bytes.*fewer workers/ })
})

test('a participant lives until it is marked dead, the others live on', () => {
  const words = new SharedWords(createSegment(SharedWords.sizeBytes(3)))
  const [first, second, third] = [0, 1, 2].map((index) => new StatusWord(words, index)) as [StatusWord, StatusWord, StatusWord]
  second.markDead()
  assert.deepEqual(
    [first, second, third].map((one) => one.isDead),
    [false, true, false],
  )
  second.markDead()
  assert.equal(second.isDead, true)
})
