/** Ways to count in one thread. `npm run bench -- --only word-pairs-single` times them; `single.ts` uses the fastest. */
import type { PairCount } from './stages.ts'
import { words } from './words.ts'

/** Lines in batches, for instance file by file. */
export type Lines = Iterable<readonly string[]>
export type Variant = (lines: Lines, min: number) => Iterable<PairCount>

/** Numbers in one map. */
export function* inNumbers(lines: Lines, min: number): Generator<PairCount> {
  const counts = new Map<string, number>()
  for (const batch of lines) {
    for (const line of batch) {
      const found = words(line, min)
      for (let index = 1; index < found.length; index++) {
        const pair = `${found[index - 1]} ${found[index]}`
        counts.set(pair, (counts.get(pair) ?? 0) + 1)
      }
    }
  }
  for (const [pair, n] of counts) yield { pair, n }
}

/** Rows in one map: one lookup instead of two once a pair is known. */
export function* inRows(lines: Lines, min: number): Generator<PairCount> {
  const counts = new Map<string, PairCount>()
  for (const batch of lines) {
    for (const line of batch) {
      const found = words(line, min)
      for (let index = 1; index < found.length; index++) {
        const pair = `${found[index - 1]} ${found[index]}`
        const row = counts.get(pair)
        if (row === undefined) counts.set(pair, { pair, n: 1 })
        else row.n++
      }
    }
  }
  yield* counts.values()
}

/** A map per first word: no text is built for a pair that is known. */
export function* inMapsOfMaps(lines: Lines, min: number): Generator<PairCount> {
  const counts = new Map<string, Map<string, PairCount>>()
  for (const batch of lines) {
    for (const line of batch) {
      const found = words(line, min)
      for (let index = 1; index < found.length; index++) {
        const first = found[index - 1] as string
        const second = found[index] as string
        let followers = counts.get(first)
        if (followers === undefined) {
          followers = new Map()
          counts.set(first, followers)
        }
        const row = followers.get(second)
        if (row === undefined) followers.set(second, { pair: `${first} ${second}`, n: 1 })
        else row.n++
      }
    }
  }
  for (const followers of counts.values()) yield* followers.values()
}

/** An object as a dictionary. */
export function* inDictionary(lines: Lines, min: number): Generator<PairCount> {
  const counts: Record<string, number> = Object.create(null)
  for (const batch of lines) {
    for (const line of batch) {
      const found = words(line, min)
      for (let index = 1; index < found.length; index++) {
        const pair = `${found[index - 1]} ${found[index]}`
        counts[pair] = (counts[pair] ?? 0) + 1
      }
    }
  }
  for (const pair in counts) yield { pair, n: counts[pair] as number }
}

/** Words become numbers first, so that a pair is a number: one map of words, one of pairs. */
export function* inNumberedWords(lines: Lines, min: number): Generator<PairCount> {
  const ids = new Map<string, number>()
  const counts = new Map<number, PairCount>()
  for (const batch of lines) {
    for (const line of batch) {
      const found = words(line, min)
      let first = -1
      for (let index = 0; index < found.length; index++) {
        const word = found[index] as string
        let second = ids.get(word)
        if (second === undefined) {
          second = ids.size
          ids.set(word, second)
        }
        if (index > 0) {
          const key = first * 0x100_0000 + second
          const row = counts.get(key)
          if (row === undefined) counts.set(key, { pair: `${found[index - 1]} ${word}`, n: 1 })
          else row.n++
        }
        first = second
      }
    }
  }
  yield* counts.values()
}

export const VARIANTS: Readonly<Record<string, Variant>> = { inNumbers, inRows, inMapsOfMaps, inDictionary, inNumberedWords }
