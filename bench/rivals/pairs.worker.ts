import { countInOneThread } from '../../examples/word-pairs/single.js'

/** The pairs of one file, in the form that costs least to send: one text, and numbers side by side. */
export default async (file: string): Promise<{ pairs: string; counts: Uint32Array }> => {
  const pairs: string[] = []
  const counts: number[] = []
  for (const { pair, n } of await countInOneThread(file)) {
    pairs.push(pair)
    counts.push(n)
  }
  return { pairs: pairs.join('\n'), counts: Uint32Array.from(counts) }
}
