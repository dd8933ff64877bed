import { batchCase } from './batch-case.js'
import { Dice } from './dice.js'
import { errorCase } from './error-case.js'
import { sessionCase } from './session-case.js'
import { valueCase } from './value-case.js'

type Case = (dice: Dice) => void | Promise<void>

/** What is attacked, and how often of 100 cases. */
const TARGETS: readonly (readonly [string, number, Case])[] = [
  ['session', 22, sessionCase],
  ['values', 26, valueCase],
  ['errors', 26, errorCase],
  ['batches', 26, batchCase],
]
const ALL = TARGETS.flatMap(([name, share, run]) => Array.from({ length: share }, () => ({ name, run })))

/** A case that failed: its number and seed bring it back. */
class FoundError extends Error {}

/** Runs one case, which its seed and number determine. Throws `FoundError` with what went wrong. */
export async function runCase(seed: number, number: number): Promise<void> {
  const dice = new Dice(seed, number)
  const { name, run } = dice.pick(ALL)
  try {
    await run(dice)
  } catch (error) {
    const what = error instanceof Error ? error.stack : String(error)
    throw new FoundError(`case ${number} of seed ${seed} (${name}): ${what}`, { cause: error })
  }
}
