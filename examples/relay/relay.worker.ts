/** One module, two parts: a worker finds words, another counts what the first one finds. */
import { readFile } from 'node:fs/promises'
import { serve } from 'millrace'

export interface Count {
  readonly word: string
  readonly n: number
}

/** What one worker calls of another; a module cannot infer its type from itself. */
interface Finder {
  words(paths: readonly string[]): AsyncIterableIterator<string>
}

export default serve({
  async *words(paths: readonly string[]): AsyncGenerator<string> {
    for (const path of paths) for (const [word] of (await readFile(path, 'utf8')).matchAll(/\p{L}{4,}/gu)) yield word.toLowerCase()
  },

  /** The most frequent words of the files, which worker `finder` finds. */
  async top({ finder, paths, count }: { finder: number; paths: readonly string[]; count: number }, { peers }): Promise<Count[]> {
    const counts = new Map<string, number>()
    for await (const word of peers.on<Finder>(finder).words(paths)) counts.set(word, (counts.get(word) ?? 0) + 1)
    const all = Array.from(counts, ([word, n]) => ({ word, n }))
    return all.sort((a, b) => b.n - a.n || (a.word < b.word ? -1 : 1)).slice(0, count)
  },
})
