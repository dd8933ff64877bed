import { openSync, writeSync } from 'node:fs'
import { type Ctx, type Flow, flow, lines } from 'millrace/flow'

export type Numbered = { index: number }

/** Of the rows, one in this many is kept. */
const KEPT_ONE_IN = 43
const COST_US = 115
export const WANTED = 10

/** `tally` is a file that grows by one byte per row mapped: exact whatever becomes of the worker, and a fraction of the cost of a row. */
export type TallyCtx = Ctx<{ tally: string }, number>

export function openTally({ params }: Pick<TallyCtx, 'params'>): number {
  return openSync(params.tally, 'a')
}

/** Holds the thread for the cost of a row. */
export function costly(line: { text: string }, { state }: TallyCtx): Numbered {
  writeSync(state, '.')
  const until = performance.now() + COST_US / 1000
  while (performance.now() < until);
  return { index: Number(line.text) }
}

export function isKept(row: Numbered): boolean {
  return row.index % KEPT_ONE_IN === KEPT_ONE_IN - 1
}

/** Any ten of the rows that are kept. */
export function firstTen(numbers: string, tally: string): Flow<Numbered> {
  return flow(import.meta.url)
    .read(lines(numbers))
    .map(costly, { params: { tally }, setup: openTally })
    .filter(isKept)
    .limit(WANTED)
}
