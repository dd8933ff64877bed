import type { FileInputPlan } from '../plan.js'
import { AsyncFeed } from './async-feed.js'
import type { SourceCursor, SourceOptions } from './source-cursor.js'
import { SyncFeed } from './sync-feed.js'
import { jsonRow, lineRow, TextSource } from './text-source.js'

/**
 * The rows of the splits that `nextSplit` gives, in a worker. Nothing is opened before the first `next()` or `ready()`.
 * What reads Parquet, Arrow or CSV is loaded where it is needed only: the first takes a thread a tenth of a second.
 */
export async function openSource(input: FileInputPlan, options: SourceOptions): Promise<SourceCursor> {
  const nextSplit = () => options.nextSplit()
  const cwd = options.cwd ?? process.cwd()
  if (input.kind === 'parquet') {
    const { ParquetSource } = await import('./parquet-source.js')
    return new ParquetSource(input.columns, nextSplit, cwd)
  }
  if (input.kind === 'arrow') {
    const { ArrowSource } = await import('./arrow-source.js')
    return new ArrowSource(input.columns, nextSplit, cwd)
  }
  if (input.kind === 'csv') {
    const { CsvSource } = await import('./csv-source.js')
    return new CsvSource(input, nextSplit, { cwd, skips: options.skips })
  }
  return openTextSource(input, options)
}

/** `openSource` for text. */
export function openTextSource(input: { readonly kind: FileInputPlan['kind'] }, options: SourceOptions): SourceCursor {
  const nextSplit = (): ReturnType<SourceOptions['nextSplit']> => options.nextSplit()
  const cwd = options.cwd ?? process.cwd()
  const feed = options.io === 'sync' ? new SyncFeed(nextSplit, cwd) : new AsyncFeed(nextSplit, cwd)
  return new TextSource(feed, input.kind === 'lines' ? lineRow : jsonRow, options.skips)
}

/** A source that also tells when it is closed: to let go of its splits. */
export function withClose(source: SourceCursor, closed: () => void): SourceCursor {
  const close = source.close.bind(source)
  source.close = () => {
    closed()
    close()
  }
  return source
}
