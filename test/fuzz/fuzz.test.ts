import assert from 'node:assert/strict'
import test from 'node:test'
import { assertUses, usedBytes } from '../support/garbage.js'
import { runCase } from './cases.js'

const FULL = process.env.MILLRACE_FULL === '1'
const SEED = 20_000
const CASES = FULL ? 400_000 : 20_000
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

test('a case is the same whenever its seed and number are', async () => {
  const { Dice } = await import('./dice.js')
  const roll = (number: number): number[] => {
    const dice = new Dice(1, number)
    return Array.from({ length: 20 }, () => dice.word())
  }
  assert.deepEqual(roll(7), roll(7))
  assert.notDeepEqual(roll(7), roll(8))
})
