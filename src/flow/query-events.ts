import type { Schema } from '../columnar/schema.js'
import type { Census } from '../stream/census.js'
import type { Plan } from './plan.js'
import type { SinkEvent, SinkTerms } from './sinks/part-writer.js'
import type { SpillTerms } from './spill-terms.js'

/** What a worker has read for a query so far. */
export interface WorkerProgress {
  readonly rowsIn: number
  readonly bytesIn: number
  readonly splitsDone: number
  readonly spilledBytes: number
  /** Rows left out because their function failed or they could not be read, by `skipKey`. */
  readonly skipped: Readonly<Record<string, number>>
  /** Bytes of frames sent so far, by receiving participant. */
  readonly sentBytes: Readonly<Record<number, number>>
}

/** Names the place in a plan of a source or function that may fail for rows: see `failingOf`. */
export function skipKey(stage: number, place: number | 'read'): string {
  return `${stage}.${place}`
}

/** What a worker still holds of a query; all zero after its end. */
export interface WorkerCensus extends Census {
  readonly spillFiles: number
  readonly sinkFiles: number
}

/** What a worker tells the leader while it runs a query: values of the stream that the run's call is. */
export type QueryEvent =
  /** It has the module of the stages. */
  | { readonly kind: 'imported' }
  | { readonly kind: 'progress'; readonly progress: WorkerProgress }
  /** A `LogRecord`, encoded when it was logged. */
  | { readonly kind: 'log'; readonly record: Uint8Array }
  /** An encoded error: the root of what goes wrong in the query. */
  | { readonly kind: 'failed'; readonly error: Uint8Array }
  /** A stage has no more rows here; they had these columns. */
  | { readonly kind: 'columns'; readonly stage: number; readonly schema: Schema }
  | SinkEvent
  /** The last one: what the worker's session holds after its end. */
  | { readonly kind: 'ended'; readonly census: WorkerCensus }

/** What a worker is given with a query's mesh. */
export interface QueryTerms {
  readonly plan: Plan
  readonly workers: number
  readonly memoryBytes: number
  readonly spill: SpillTerms | undefined
  readonly cwd: string
  readonly sinks: SinkTerms
  /** Whether files are read in place, holding up the thread: for threads that do nothing else. */
  readonly io: 'async' | 'sync'
}
