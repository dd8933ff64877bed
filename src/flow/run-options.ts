import { availableParallelism } from 'node:os'
import { MillraceError } from '../base/errors.js'
import { checkedKind, type WorkerKind } from '../mesh/pool-options.js'
import { checkedStallMs, type StallOptions, type StallReport } from '../mesh/stall-report.js'
import type { LogRecord } from './ctx.js'
import type { FlowPool } from './flow-pool.js'
import type { Inputs } from './inputs.js'
import { checkBetween, checkRingBytes, checkWorkers } from './number-option.js'
import { resolveSpill, type SpillTerms } from './spill-terms.js'

/** Memory that the operators of one worker may keep rows in, by default (512 MiB): an estimate of their size, not of the heap. */
export const OPERATOR_BYTES_DEFAULT: number = 512 * 1024 * 1024

export interface RunOptions {
  /** Worker threads; default `availableParallelism()`. 0 runs in this thread. */
  readonly workers?: number
  /** Workers that live already, and go on after the run, instead of `workers`: see `createPool`. */
  readonly pool?: FlowPool
  /** Where workers run: in threads of this process, the default, or each in a process of its own. */
  readonly kind?: WorkerKind
  /** Values for the parameters that stages declare: `k` in all of them, `stage.k` in one. */
  readonly params?: { readonly [name: string]: unknown }
  /** The rows that the flow reads by `rows(name)`, by name. */
  readonly inputs?: Inputs
  /** Aborting it cancels the run: who waits for rows gets `CancelledError`, whose cause is the signal's reason. */
  readonly signal?: AbortSignal
  /**
   * Bytes of rows that one stage may keep in one worker, an estimate; default 512 MiB. Three quarters are for its operators, one quarter
   * for what waits for receivers. What is beyond that goes to disk; without `spill` the run ends with `OperatorBudget` or `QueueBudget`.
   */
  readonly memoryBytes?: number
  /** Whether rows that exceed `memoryBytes` go to disk; default true. */
  readonly spill?: boolean
  /**
   * An existing folder on the disk that they go to; default `os.tmpdir()`. The files have no name there and belong to the process alone.
   * What goes wrong with them ends the run with `SpillFailed`.
   */
  readonly spillFolder?: string
  /** Bytes that each worker may have on disk for the run at once; default 16 GiB. Beyond that `SpillBudget`. */
  readonly spillBytes?: number
  /** Bytes of each data ring of the run, a power of two from 4 KiB to 4 MiB; default that of the pool, 1 MiB. */
  readonly ringBytes?: number
  /** Receives what stages log; by default it is dropped. */
  readonly onLog?: (record: LogRecord) => void
  /**
   * Told who waits for whom where rows are waited for and nothing moves for `stallMs`: once, until something moves again. The log gets
   * the same as a record of the level `warn`, of worker 0, whose stage is `stall`.
   */
  readonly onStall?: (report: StallReport) => void
  /** In ms; default 10 000. */
  readonly stallMs?: number
  /** Directory that relative paths and patterns of sources and sinks start from; default `process.cwd()`. */
  readonly cwd?: string
}

/** The options of a run, complete. */
export interface ResolvedRunOptions {
  readonly workers: number
  readonly pool: FlowPool | undefined
  readonly kind: WorkerKind
  readonly inputs: Inputs
  readonly signal: AbortSignal | undefined
  readonly memoryBytes: number
  /** Undefined: nothing goes to disk. */
  readonly spill: SpillTerms | undefined
  /** Undefined: as the pool has it. */
  readonly ringBytes: number | undefined
  readonly cwd: string
  readonly onLog: (record: LogRecord) => void
  /** Undefined where nobody listens. */
  readonly stall: StallOptions | undefined
}

/** Fills in the defaults. @throws MillraceError `InvalidArgument` */
export function resolveRunOptions(options: RunOptions): ResolvedRunOptions {
  const { workers = availableParallelism(), memoryBytes = OPERATOR_BYTES_DEFAULT, ringBytes } = options
  checkWorkers(workers)
  checkBetween('memoryBytes', memoryBytes, 1, Number.MAX_SAFE_INTEGER)
  if (ringBytes !== undefined) checkRingBytes(ringBytes)
  const { pool: given } = options
  if (given !== undefined && (options.workers !== undefined || options.kind !== undefined)) {
    const what = options.workers === undefined ? 'kind' : 'workers'
    throw new MillraceError('InvalidArgument', `give pool or ${what}, not both: the pool has ${given.workers} workers`)
  }
  const kind = checkedKind(options.kind)
  const { pool, inputs = {}, signal, cwd = process.cwd(), onLog = () => {} } = options
  const spill = resolveSpill(options, cwd)
  return Object.freeze({ workers, memoryBytes, spill, ringBytes, kind, pool, inputs, signal, cwd, onLog, stall: stallOptions(options) })
}

/** Who listens to stalls: `onStall` and the log. */
function stallOptions({ onStall, onLog, stallMs }: RunOptions): StallOptions | undefined {
  const checked = { stallMs: checkedStallMs(stallMs) }
  if (onStall === undefined && onLog === undefined) return undefined
  return {
    ...checked,
    onStall: (report) => {
      onStall?.(report)
      onLog?.({ level: 'warn', object: report.text, worker: 0, stage: 'stall', source: undefined })
    },
  }
}
