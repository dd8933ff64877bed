import type { FileInputPlan } from '../plan.js'
import { AsyncFeed } from './async-feed.js'
import type { SourceCursor, SourceOptions } from './source-cursor.js'
import { SyncFeed } from './sync-feed.js'
import { jsonRow, lineRow, TextSource } from './text-source.js'

/**
 * The rows of the splits that `nextSplit` gives, in a worker. Nothing is opened before the first `next()` or `ready()`.
 * What reads Parquet is loaded where it is needed only: it takes a thread a tenth of a second.
 */
export async function openSource(input: FileInputPlan, options: SourceOptions): Promise<SourceCursor> {
  if (input.kind !== 'parquet') return openTextSource(input, options)
  const { ParquetSource } = await import('./parquet-source.js')
  return new ParquetSource(input.columns, () => options.nextSplit(), options.cwd ?? process.cwd())
}

/** `openSource` for text. */
export function openTextSource(input: { readonly kind: FileInputPlan['kind'] }, options: SourceOptions): SourceCursor {
  const nextSplit = (): ReturnType<SourceOptions['nextSplit']> => options.nextSplit()
  const cwd = options.cwd ?? process.cwd()
  const feed = options.io === 'sync' ? new SyncFeed(nextSplit, cwd) : new AsyncFeed(nextSplit, cwd)
  return new TextSource(feed, input.kind === 'lines' ? lineRow : jsonRow)
}
