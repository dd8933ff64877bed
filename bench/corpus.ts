import { once } from 'node:events'
import { createWriteStream, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'

export interface Corpus {
  /** Pattern of its files. */
  readonly pattern: string
  readonly bytes: number
  readonly lines: number
  /** Different pairs of words that stand next to each other in a line. */
  readonly distinctPairs: number
}

export interface CorpusSpec {
  readonly seed: number
  /** Different words. */
  readonly vocabulary: number
  /** Of Zipf's law: the word of rank r comes r ** -exponent as often as the first. */
  readonly exponent: number
  readonly lines: number
  readonly files: number
}

/** About 800 thousand distinct pairs; each comes five to six times, as in real text. */
export const PAIRS_800K: CorpusSpec = { seed: 20010101, vocabulary: 20_000, exponent: 1.2, lines: 490_000, files: 8 }

const WORDS_PER_LINE = 10
/** In the name of the folder: raised whenever the generator changes. */
const VERSION = 1

/** Numbers from 0 to below 1, the same for the same seed (mulberry32, by Tommy Ettinger, public domain). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** Different words of 3 to 10 letters. */
function makeWords(count: number, random: () => number): string[] {
  const words = new Set<string>()
  while (words.size < count) {
    const letters = 3 + Math.floor(random() * 8)
    words.add(Array.from({ length: letters }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join(''))
  }
  return [...words]
}

/** Draws ranks from 0 by Zipf's law: bisection of the summed shares. */
function zipf({ vocabulary: count, exponent }: CorpusSpec, random: () => number): () => number {
  const sums = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) {
    sum += (rank + 1) ** -exponent
    sums[rank] = sum
  }
  return () => {
    const wanted = random() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] as number) <= wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Counts different pairs of ranks: one bit for each that is possible. */
class PairSet {
  readonly #vocabulary: number
  readonly #bits: Uint32Array
  size = 0

  constructor(vocabulary: number) {
    this.#vocabulary = vocabulary
    this.#bits = new Uint32Array(Math.ceil((vocabulary * vocabulary) / 32))
  }

  add(first: number, second: number): void {
    const index = first * this.#vocabulary + second
    const word = Math.floor(index / 32)
    const bit = 1 << (index % 32)
    const before = this.#bits[word] as number
    if ((before & bit) !== 0) return
    this.#bits[word] = before | bit
    this.size++
  }
}

async function generate(spec: CorpusSpec, folder: string): Promise<Omit<Corpus, 'pattern'>> {
  const random = randomFrom(spec.seed)
  const words = makeWords(spec.vocabulary, random)
  const draw = zipf(spec, random)
  const pairs = new PairSet(spec.vocabulary)
  let bytes = 0
  for (let file = 0; file < spec.files; file++) {
    const stream = createWriteStream(join(folder, `part-${file}.txt`))
    const linesHere = Math.floor((spec.lines * (file + 1)) / spec.files) - Math.floor((spec.lines * file) / spec.files)
    let text = ''
    for (let line = 1; line <= linesHere; line++) {
      let before = draw()
      text += words[before]
      for (let word = 1; word < WORDS_PER_LINE; word++) {
        const next = draw()
        pairs.add(before, next)
        text += ` ${words[next]}`
        before = next
      }
      text += '\n'
      if (text.length < 0x1_0000 && line < linesHere) continue
      bytes += text.length
      if (!stream.write(text, 'latin1')) await once(stream, 'drain')
      text = ''
    }
    stream.end()
    await finished(stream)
  }
  return { bytes, lines: spec.lines, distinctPairs: pairs.size }
}

/** The corpus of `spec`, from the temporary folder of this machine; generated where it is not there yet, complete or not at all. */
export async function corpus(spec: CorpusSpec): Promise<Corpus> {
  const name = `millrace-corpus-${VERSION}-${spec.seed}-${spec.vocabulary}-${spec.exponent}-${spec.lines}-${spec.files}`
  const folder = join(tmpdir(), name)
  if (!existsSync(folder)) {
    const unfinished = mkdtempSync(join(tmpdir(), `${name}-`))
    writeFileSync(join(unfinished, 'corpus.json'), JSON.stringify(await generate(spec, unfinished)))
    try {
      renameSync(unfinished, folder)
    } catch (error) {
      // Another process was faster with the same corpus.
      rmSync(unfinished, { recursive: true })
      if (!existsSync(folder)) throw error
    }
  }
  return { pattern: join(folder, 'part-*.txt'), ...JSON.parse(readFileSync(join(folder, 'corpus.json'), 'utf8')) }
}
