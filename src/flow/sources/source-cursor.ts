import type { Int32Columns } from '../../columnar/int32-columns.js'
import type { Row } from '../../columnar/schema.js'
import type { SourceLocation } from '../ctx.js'
import type { Cursor } from '../operators/cursor.js'
import type { SkippedRows } from '../operators/skipped-rows.js'
import type { Split, SplitFile } from './split.js'

/** The rows of the splits that this worker is given. */
export interface SourceCursor extends Cursor<Row> {
  /**
   * Resolves when `next()` may give something else than PAUSE; rejects with the error of reading, which `next()` throws too.
   * After `close()` it resolves when no file is open any more.
   */
  ready(): Promise<void>
  /** Of the rows of all files begun so far. */
  readonly int32: Int32Columns
  /** Bytes of the splits taken in so far. */
  readonly bytesRead: number
  readonly rowsRead: number
  /** Splits that were read to their end. */
  readonly splitsDone: number
  /** Where the row given last came from. */
  readonly current: SourceLocation | undefined
  /** The range of the file that it came from: the same object for all its rows. */
  readonly range: SplitFile | undefined
  /** Of that range: `splitIdOf`. */
  readonly splitId: string | undefined
}

export interface SourceOptions {
  /** The next split for this worker, undefined when there are no more. Called when work on the one before begins. */
  nextSplit(): Promise<Split | undefined>
  /** Directory that the paths of splits start from; default `process.cwd()`. */
  readonly cwd?: string
  /**
   * `async` (default) reads ahead without holding up the thread; `sync` reads in place, which costs less for many small files:
   * for threads that do nothing else. Parquet is always read asynchronously.
   */
  readonly io?: 'async' | 'sync'
  /** Takes the rows of CSV and JSON lines that cannot be read; undefined: they are errors. */
  readonly skips?: SkippedRows | undefined
}
