import type { Census } from '../stream/session.js'
import type { LogRecord } from './ctx.js'
import type { Plan } from './plan.js'

/** What a worker has read for a query so far. */
export interface WorkerProgress {
  readonly rowsIn: number
  readonly bytesIn: number
  readonly splitsDone: number
  /** Bytes of frames sent so far, by receiving participant. */
  readonly sentBytes: Readonly<Record<number, number>>
}

/** What a worker tells the leader while it runs a query: values of the stream that the run's call is. */
export type QueryEvent =
  | { readonly kind: 'planned' }
  | { readonly kind: 'progress'; readonly progress: WorkerProgress }
  | { readonly kind: 'log'; readonly record: LogRecord }
  /** The last one: what the worker's session holds after its end. */
  | { readonly kind: 'ended'; readonly census: Census }

/** What a worker is given with a query's mesh. */
export interface QueryTerms {
  readonly plan: Plan
  readonly workers: number
  readonly memoryBytes: number
  readonly cwd: string
  /** Whether files are read in place, holding up the thread: for threads that do nothing else. */
  readonly io: 'async' | 'sync'
}
