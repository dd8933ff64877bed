import { type Ctx, desc, type Flow, flow, lines } from 'millrace/flow'
import { words } from './words.ts'

export type PairCount = { pair: string; n: number }

/** Words shorter than this do not count, and do not part their neighbours. */
export const MIN_LETTERS = 3

/** The text that comes with the packages this project uses. */
export const TEXT = 'node_modules/**/*.{md,d.ts,js,mjs,cjs,json}'

/** Every two words that stand next to each other in a line. */
export function* pairs(line: { text: string }, ctx: Ctx<{ min: number }>): Generator<{ pair: string }> {
  const found = words(line.text, ctx.params.min)
  for (let index = 1; index < found.length; index++) yield { pair: `${found[index - 1]} ${found[index]}` }
}

/** The pairs in these files, most frequent first, equal ones in alphabetical order. */
export function countPairs(patterns: string | readonly string[]): Flow<PairCount> {
  return flow(import.meta.url)
    .read(lines(patterns))
    .flatMap(pairs, { params: { min: MIN_LETTERS } })
    .groupBy('pair', (a) => ({ n: a.count() }))
    .sort(desc('n'), 'pair')
}

export default countPairs(TEXT)
