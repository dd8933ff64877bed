import { lines, readBatches } from 'millrace/flow'
import type { PairCount } from './stages.ts'
import { inDictionary } from './variants.ts'

/** Counts in this thread, in the fastest of `VARIANTS`. */
export function countInOneThread(patterns: string | readonly string[]): Promise<Iterable<PairCount>> {
  return inDictionary(readBatches(lines(patterns)))
}

/** Most frequent first, equal ones in alphabetical order. */
export function compare(a: PairCount, b: PairCount): number {
  return b.n - a.n || (a.pair < b.pair ? -1 : a.pair > b.pair ? 1 : 0)
}

/** All in order. */
export function ordered(counts: Iterable<PairCount>): PairCount[] {
  return [...counts].sort(compare)
}

/** The first `rows` of that order, without ordering the rest. */
export function top(counts: Iterable<PairCount>, rows: number): PairCount[] {
  const best: PairCount[] = []
  for (const count of counts) {
    if (best.length === rows && compare(count, best[rows - 1] as PairCount) > 0) continue
    const place = best.findIndex((other) => compare(count, other) < 0)
    best.splice(place === -1 ? best.length : place, 0, count)
    if (best.length > rows) best.pop()
  }
  return best
}
