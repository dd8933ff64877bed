import type { Lab, Outcome } from './lab.js'
import type { Program } from './program.js'
import { shrink } from './shrink.js'

/** A program that fails, with how to run that of its seed alone and the smallest program like it. */
export async function report(lab: Lab, program: Program, seed: number): Promise<string> {
  const { failure } = await lab.run(program)
  const smallest = await shrink(program, async (candidate) => (await lab.run(candidate)).failure !== undefined)
  const outcome = await lab.run(smallest)
  return [
    `seed ${seed} fails: ${failure}`,
    `npm run oracle -- --flows 1 --seed ${seed}`,
    `the smallest program like it:\n${JSON.stringify(smallest)}`,
    `${await outcome.compiled.table.job.explain()}`,
    sqlOf(outcome),
    `it fails: ${outcome.failure}`,
  ].join('\n\n')
}

function sqlOf({ compiled, counts }: Outcome): string {
  return [...compiled.tables].map(([name, query]) => `${name} (${counts.get(name)} rows): ${query}`).join('\n')
}
