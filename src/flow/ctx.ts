/** Where a row came from: a file as the source names it, and the byte offset of its line (for parquet the row's number in the file). */
export interface SourceLocation {
  readonly file: string
  readonly offset: number
}

/** How much a record matters; nothing is filtered by it. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** One `ctx.log` on its way to the leader. */
export interface LogRecord {
  readonly level: LogLevel
  readonly object: unknown
  /** As in `Ctx`. */
  readonly worker: number
  /** Name of the stage's function. */
  readonly stage: string
  readonly source: SourceLocation | undefined
}

/**
 * What every stage function gets as its second argument.
 * `P` is the shape of the parameters it needs, `S` what its `setup` returns.
 */
export interface Ctx<P = unknown, S = unknown> {
  /** The `params` given with this stage, after `--set` and `run({ params })`. */
  readonly params: P
  /** What `setup` returned in this worker. */
  readonly state: S
  /** File and offset of the row being worked on; undefined behind an exchange. */
  readonly source: SourceLocation | undefined
  /** Names the part of the input that the row is from, the same at every run over the same files: for writes that may be repeated. Undefined behind an exchange. */
  readonly splitId: string | undefined
  /** Number of this worker in the run, from 1; 0 when it runs in the leader's own thread. */
  readonly worker: number
  /** True once the run is cancelled: asks now, so a long loop may look at it. */
  readonly cancelled: boolean
  /** Aborted when nobody wants this stage's rows any more; for what `setup` waits for. A loop that never yields asks `cancelled`. */
  readonly signal: AbortSignal
  /** Sends one cloneable object to the leader's `onLog`, with worker, stage and source location. Throws `NotCloneable`. */
  log(level: LogLevel, object: unknown): void
}

/** What a `setup` function gets: a `Ctx` before there is any state or row. */
export type SetupCtx<P = unknown> = Omit<Ctx<P>, 'state' | 'source'>
