import assert from 'node:assert/strict'
import test from 'node:test'
import { BatchDecoder } from '../../src/columnar/decode.js'
import { assertUses, usedBytes } from '../support/garbage.js'
import { readBatch } from './batch-case.js'
import { runCase } from './cases.js'
import { CORPUS } from './corpus.js'
import { Dice } from './dice.js'
import { readError } from './error-case.js'
import { cloneEntry, readValues } from './value-case.js'

const FULL = process.env.MILLRACE_FULL === '1'
const SEED = 20_000
const CASES = FULL ? 400_000 : 3000
/** What caches and compiled code may add. */
const GROWTH_BYTES = 0x80_0000

Error.stackTraceLimit = 6

test(`${CASES} attacks end in values or named errors, harm nobody else, and leave no memory taken`, async (t) => {
  for (let number = 0; number < 1000; number++) await runCase(SEED, number)
  const before = usedBytes()
  for (let number = 1000; number < CASES; number++) await runCase(SEED, number)
  await assertUses(before + GROWTH_BYTES)
  t.diagnostic(`${before} bytes in use at the start, ${usedBytes()} at the end`)
})

const READ: Readonly<Record<(typeof CORPUS)[number]['as'], (bytes: Uint8Array) => void>> = {
  value: (bytes) => readValues(cloneEntry(bytes)),
  message: readValues,
  error: readError,
  batch: (bytes) => readBatch(new BatchDecoder(), bytes),
}

for (const { what, as, hex } of CORPUS) {
  test(`${what}, as ${as}, is a value or a named error, and takes no memory`, () => {
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
    assert.equal(2 * bytes.length, hex.length, 'the hex is no hex')
    const before = process.memoryUsage()
    READ[as](bytes)
    const after = process.memoryUsage()
    assert.ok(after.arrayBuffers - before.arrayBuffers < GROWTH_BYTES && after.heapUsed - before.heapUsed < 8 * GROWTH_BYTES)
  })
}

test('a case is the same whenever its seed and number are', () => {
  const roll = (number: number): number[] => {
    const dice = new Dice(1, number)
    return Array.from({ length: 20 }, () => dice.word())
  }
  assert.deepEqual(roll(7), roll(7))
  assert.notDeepEqual(roll(7), roll(8))
})
