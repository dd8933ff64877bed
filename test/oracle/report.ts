import type { Lab, Outcome } from './lab.js'
import { programOf } from './program.js'
import { shrink } from './shrink.js'

/** A seed that fails, with how to run it alone and the smallest program like it. */
export async function report(lab: Lab, seed: number): Promise<string> {
  const program = programOf(seed)
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
