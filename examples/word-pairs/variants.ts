/**
 * Ways to count in one thread, with the reader and the stage function of the flow. `npm run bench -- --only word-pairs-single` times
 * them; `single.ts` uses the fastest of `VARIANTS`.
 */
import type { Ctx } from 'millrace/flow'
import { MIN_LETTERS, type PairCount, pairs } from './stages.ts'
import { words } from './words.ts'

/** Lines in batches, as `readBatches` gives them. */
export type Lines = AsyncIterable<readonly { text: string }[]>
export type Variant = (lines: Lines) => Promise<Iterable<PairCount>>

const CTX = { params: { min: MIN_LETTERS } } as Ctx<{ min: number }>

/** Numbers in a map. */
export async function inNumbers(lines: Lines): Promise<Iterable<PairCount>> {
  const counts = new Map<string, number>()
  for await (const batch of lines) {
    for (const line of batch) {
      for (const { pair } of pairs(line, CTX)) counts.set(pair, (counts.get(pair) ?? 0) + 1)
    }
  }
  return rowsOf(counts)
}

/** Rows in a map: one look-up instead of two once a pair is known. */
export async function inRows(lines: Lines): Promise<Iterable<PairCount>> {
  const counts = new Map<string, PairCount>()
  for await (const batch of lines) {
    for (const line of batch) {
      for (const { pair } of pairs(line, CTX)) {
        const row = counts.get(pair)
        if (row === undefined) counts.set(pair, { pair, n: 1 })
        else row.n++
      }
    }
  }
  return counts.values()
}

/** An object as a dictionary. */
export async function inDictionary(lines: Lines): Promise<Iterable<PairCount>> {
  const counts: Record<string, number> = Object.create(null)
  for await (const batch of lines) {
    for (const line of batch) {
      for (const { pair } of pairs(line, CTX)) counts[pair] = (counts[pair] ?? 0) + 1
    }
  }
  return entriesOf(counts)
}

export const VARIANTS: Readonly<Record<string, Variant>> = { inNumbers, inRows, inDictionary }

/** The dictionary without the stage function: its loop written out by hand, no row per pair. Timed beside the others. */
export async function byHand(lines: Lines): Promise<Iterable<PairCount>> {
  const counts: Record<string, number> = Object.create(null)
  for await (const batch of lines) {
    for (const { text } of batch) {
      const found = words(text, MIN_LETTERS)
      for (let index = 1; index < found.length; index++) {
        const pair = `${found[index - 1]} ${found[index]}`
        counts[pair] = (counts[pair] ?? 0) + 1
      }
    }
  }
  return entriesOf(counts)
}

/**
 * Another algorithm, not another way to write this one: words become numbers, each with a map of the numbers that follow it,
 * and no text is made until the end. Timed beside the others to show what giving up the stage function's rows would bring.
 */
export async function numberedWords(lines: Lines): Promise<Iterable<PairCount>> {
  const ids = new Map<string, number>()
  const names: string[] = []
  const followers: Map<number, number>[] = []
  const idOf = (word: string): number => {
    const known = ids.get(word)
    if (known !== undefined) return known
    ids.set(word, names.length)
    followers.push(new Map())
    return names.push(word) - 1
  }
  for await (const batch of lines) {
    for (const { text } of batch) {
      let counts: Map<number, number> | undefined
      for (const word of words(text, MIN_LETTERS)) {
        const id = idOf(word)
        counts?.set(id, (counts.get(id) ?? 0) + 1)
        counts = followers[id]
      }
    }
  }
  return namedPairs(names, followers)
}

function* rowsOf(counts: Iterable<[string, number]>): Generator<PairCount> {
  for (const [pair, n] of counts) yield { pair, n }
}

function* entriesOf(counts: Readonly<Record<string, number>>): Generator<PairCount> {
  for (const pair in counts) yield { pair, n: counts[pair] as number }
}

function* namedPairs(names: readonly string[], followers: readonly ReadonlyMap<number, number>[]): Generator<PairCount> {
  for (const [first, counts] of followers.entries()) {
    for (const [second, n] of counts) yield { pair: `${names[first]} ${names[second]}`, n }
  }
}
