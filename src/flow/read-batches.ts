import { MillraceError } from '../base/errors.js'
import type { Row } from '../columnar/schema.js'
import { END, PAUSE } from './operators/cursor.js'
import type { Source } from './source.js'
import { enumerateSplits } from './sources/enumerate.js'
import { openSource } from './sources/open-source.js'

/** What `readBatches` takes beside the source. */
export interface ReadOptions {
  /** Directory that relative paths and patterns start from; default `process.cwd()`. */
  readonly cwd?: string
}

const BATCH_ROWS = 1024

/**
 * Reads a source in this thread, without a flow: the rows a flow would read, in the order of files and lines, in batches of
 * at most 1024. For programs of one thread and for tests. Text is read in place: the thread does nothing else meanwhile.
 *
 * @throws MillraceError `InvalidArgument` for `rows()` and `sql()`, `SourceMissing`, `SourceRead`, `SourceLine`, `ColumnMissing`, `FileColumn`
 */
export async function* readBatches<R>(source: Source<R>, options: ReadOptions = {}): AsyncGenerator<R[], void, undefined> {
  const cwd = options.cwd ?? process.cwd()
  const { input } = source
  if (input.kind === 'sql') throw new MillraceError('InvalidArgument', 'readBatches() reads files: sql() needs a flow')
  if (input.kind === 'rows') throw new MillraceError('InvalidArgument', 'readBatches() reads files: rows() are at hand already')
  const splits = enumerateSplits(input, { cwd })
  const nextSplit = async () => (await splits.next()).value ?? undefined
  const cursor = await openSource(input, { nextSplit, cwd, io: 'sync' })
  try {
    let batch: Row[] = []
    for (;;) {
      const row = cursor.next()
      if (row === END) break
      if (row === PAUSE) {
        await cursor.ready()
        continue
      }
      batch.push(row)
      if (batch.length < BATCH_ROWS) continue
      yield batch as R[]
      batch = []
    }
    if (batch.length > 0) yield batch as R[]
  } finally {
    cursor.close()
    await cursor.ready()
    await splits.return()
  }
}
