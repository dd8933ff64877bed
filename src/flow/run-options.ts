import { availableParallelism } from 'node:os'
import { MillraceError } from '../base/errors.js'
import type { LogRecord } from './ctx.js'
import type { FlowPool } from './flow-pool.js'
import { checkBetween, checkRingBytes, checkWorkers } from './number-option.js'

/** Memory that the operators of one worker may keep rows in, by default (512 MiB): an estimate of their size, not of the heap. */
export const OPERATOR_BYTES_DEFAULT: number = 512 * 1024 * 1024

export interface RunOptions {
  /** Worker threads; default `availableParallelism()`. 0 runs in this thread. */
  readonly workers?: number
  /** Workers that live already, and go on after the run, instead of `workers`: see `createPool`. */
  readonly pool?: FlowPool
  readonly kind?: 'thread'
  /** Values for the parameters that stages declare: `k` in all of them, `stage.k` in one. */
  readonly params?: { readonly [name: string]: unknown }
  readonly signal?: AbortSignal
  /** What the operators of one worker may keep, in bytes; default 512 MiB. Beyond it: `OperatorBudget`. */
  readonly memoryBytes?: number
  /** Size of each ring of the run, a power of two; default that of the pool, 1 MiB. */
  readonly ringBytes?: number
  /** Receives what stages log; by default it is dropped. */
  readonly onLog?: (record: LogRecord) => void
  /** Directory that relative paths and patterns of sources start from; default `process.cwd()`. */
  readonly cwd?: string
}

/** The options of a run, complete. */
export interface ResolvedRunOptions {
  readonly workers: number
  readonly pool: FlowPool | undefined
  readonly kind: 'thread'
  readonly signal: AbortSignal | undefined
  readonly memoryBytes: number
  /** Undefined: as the pool has it. */
  readonly ringBytes: number | undefined
  readonly cwd: string
  readonly onLog: (record: LogRecord) => void
}

/** Fills in the defaults. @throws MillraceError `InvalidArgument` */
export function resolveRunOptions(options: RunOptions): ResolvedRunOptions {
  const { workers = availableParallelism(), memoryBytes = OPERATOR_BYTES_DEFAULT, ringBytes } = options
  checkWorkers(workers)
  checkBetween('memoryBytes', memoryBytes, 1, Number.MAX_SAFE_INTEGER)
  if (ringBytes !== undefined) checkRingBytes(ringBytes)
  if (options.pool !== undefined && options.workers !== undefined) {
    throw new MillraceError('InvalidArgument', `give pool or workers, not both: the pool has ${options.pool.workers} workers`)
  }
  const kind = options.kind ?? 'thread'
  if (kind !== 'thread') throw new MillraceError('InvalidArgument', `kind must be 'thread', got ${JSON.stringify(kind)}`)
  const { pool, signal, cwd = process.cwd(), onLog = () => {} } = options
  return Object.freeze({ workers, memoryBytes, ringBytes, kind, pool, signal, cwd, onLog })
}

/** What a run has done so far. */
export interface RunStats {
  readonly workers: number
  readonly rowsIn: number
  readonly bytesIn: number
  readonly rowsOut: number
  readonly splitsDone: number
  readonly elapsedMs: number
  /** Bytes of frames sent by each worker, by receiving participant; 0 is the leader, workers count from 1. Known at the end. */
  readonly sentBytes: Readonly<Record<number, Readonly<Record<number, number>>>>
}

/** A flow that runs. It starts when its rows are first asked for; leaving the loop, `cancel` or disposal stops it everywhere. */
export interface FlowRun<R> extends AsyncIterable<R>, AsyncDisposable {
  collect(): Promise<R[]>
  batches(): AsyncIterable<readonly R[]>
  cancel(reason?: unknown): Promise<void>
  stats(): RunStats
}
