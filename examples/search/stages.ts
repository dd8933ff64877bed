import { type Ctx, desc, type Flow, flow, lines, parquet, to } from 'millrace/flow'

/** How often a word stands in a document. */
export type Posting = { word: string; file: string; times: number }

export type Match = { file: string; score: number | null; words: number }

/** The words of a text in lower case, of two letters or digits and more. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? []
}

export function words({ text, file }: { text: string; file: string }): { word: string; file: string }[] {
  return wordsOf(text).map((word) => ({ word, file }))
}

export function isWanted({ word }: Posting, ctx: Ctx<{ words: string[] }>): boolean {
  return ctx.params.words.includes(word)
}

/** What a word counts in a document: more where it is frequent there, less where many documents have it (tf-idf). */
export function weight(times: number, documentsWithWord: number, documents: number): number {
  return (1 + Math.log(times)) * Math.log(1 + documents / documentsWithWord)
}

export function weighed(
  { file, times, documentsWithWord }: Posting & { documentsWithWord: number },
  ctx: Ctx<{ documents: number }>,
): { file: string; weight: number } {
  return { file, weight: weight(times, documentsWithWord, ctx.params.documents) }
}

/** Every word of every document, once. */
export function postings(documents: string | readonly string[]): Flow<Posting> {
  return flow(import.meta.url)
    .read(lines(documents))
    .flatMap(words)
    .groupBy(['word', 'file'], (a) => ({ times: a.count() }))
}

/** Writes the index of some documents into a folder, each worker the words that it has. */
export function writeIndex(documents: string | readonly string[], folder: string): ReturnType<Flow<Posting>['write']> {
  return postings(documents).write(to.parquet(`${folder}/`, { columns: { word: 'utf8', file: 'utf8', times: 'float64' } }))
}

/** The documents that an index knows. */
export function documentsIn(folder: string): Flow<{ file: string }> {
  return flow(import.meta.url)
    .read(parquet(`${folder}/*.parquet`, { columns: { file: 'utf8' } }))
    .distinct('file')
}

/** The `limit` documents in which these words count most; one that has more of the words comes first. */
export function search(folder: string, query: readonly string[], documents: number, limit: number): Flow<Match> {
  const found = flow(import.meta.url)
    .read(parquet(`${folder}/*.parquet`, { columns: { word: 'utf8', file: 'utf8', times: 'float64' } }))
    .filter(isWanted, { params: { words: [...query] } })
  return found
    .join(
      found.groupBy('word', (a) => ({ documentsWithWord: a.count() })),
      { on: 'word', exchange: 'broadcast' },
    )
    .map(weighed, { params: { documents } })
    .groupBy('file', (a) => ({ score: a.sum('weight'), words: a.count() }))
    .sort(desc('words'), desc('score'), 'file')
    .limit(limit)
}
