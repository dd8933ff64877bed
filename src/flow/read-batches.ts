import { MillraceError } from '../base/errors.js'
import type { Row } from '../columnar/schema.js'
import { END, PAUSE } from './operators/cursor.js'
import { openSkips, type SkippedRows } from './operators/skipped-rows.js'
import type { FileInputPlan } from './plan.js'
import type { Source } from './source.js'
import { enumerateSplits } from './sources/enumerate.js'
import { openSource } from './sources/open-source.js'

/** What `readBatches` takes beside the source. */
export interface ReadOptions {
  /** Directory that relative paths and patterns start from; default `process.cwd()`. */
  readonly cwd?: string
}

const BATCH_ROWS = 1024

/** Rows that are left out are told to nobody. */
async function skipsOf(input: FileInputPlan): Promise<SkippedRows | undefined> {
  if (input.kind !== 'csv' && input.kind !== 'jsonl') return undefined
  const writerOf = (): never => {
    throw new MillraceError('InvalidArgument', `readBatches() writes nothing: give ${input.kind}() onError: 'skip', or run a flow`)
  }
  return openSkips(input, input.kind, { environment: { worker: 0, log: () => {} }, writerOf })
}

/**
 * Reads a source in this thread, without a flow: the rows a flow would read, in the order of files and lines, in batches of
 * at most 1024. For programs of one thread and for tests. Text is read in place: the thread does nothing else meanwhile.
 *
 * @throws MillraceError `InvalidArgument` for `rows()`, `sql()` and for bad rows that were to be written, `TooManyErrors`, `SourceMissing`, `SourceRead`, `SourceLine`, `ColumnMissing`, `FileColumn`
 */
export async function* readBatches<R>(source: Source<R>, options: ReadOptions = {}): AsyncGenerator<R[], void, undefined> {
  const cwd = options.cwd ?? process.cwd()
  const { input } = source
  if (input.kind === 'sql') throw new MillraceError('InvalidArgument', 'readBatches() reads files: sql() needs a flow')
  if (input.kind === 'rows') throw new MillraceError('InvalidArgument', 'readBatches() reads files: rows() are at hand already')
  const splits = enumerateSplits(input, { cwd })
  const nextSplit = async () => (await splits.next()).value ?? undefined
  const cursor = await openSource(input, { nextSplit, cwd, io: 'sync', skips: await skipsOf(input) })
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
