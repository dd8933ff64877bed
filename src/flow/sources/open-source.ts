import type { FileInputPlan } from '../plan.js'
import { AsyncFeed } from './async-feed.js'
import { ParquetSource } from './parquet-source.js'
import type { SourceCursor, SourceOptions } from './source-cursor.js'
import { SyncFeed } from './sync-feed.js'
import { jsonRow, lineRow, TextSource } from './text-source.js'

/** The rows of the splits that `nextSplit` gives, in a worker. Nothing is opened before the first `next()` or `ready()`. */
export function openSource(input: FileInputPlan, options: SourceOptions): SourceCursor {
  const nextSplit = (): ReturnType<SourceOptions['nextSplit']> => options.nextSplit()
  const cwd = options.cwd ?? process.cwd()
  if (input.kind === 'parquet') return new ParquetSource(input.columns, nextSplit, cwd)
  const feed = options.io === 'sync' ? new SyncFeed(nextSplit, cwd) : new AsyncFeed(nextSplit, cwd)
  return new TextSource(feed, input.kind === 'lines' ? lineRow : jsonRow)
}
