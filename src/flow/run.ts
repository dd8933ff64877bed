import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { BytesOptions } from './row-bytes.js'

/** What a run has done so far. */
export interface RunStats {
  /** Workers that take part; 0 where all runs in the caller's thread, or is one statement of SQL and workers are threads. */
  readonly workers: number
  /** Rows read, bytes read from files, and units of input finished, as the workers told last: complete at the end. */
  readonly rowsIn: number
  readonly bytesIn: number
  readonly splitsDone: number
  /** Rows left out because a function with `onError: 'skip'` failed, as the workers told last. */
  readonly rowsSkipped: number
  /** Rows given to the consumer. */
  readonly rowsOut: number
  /** Bytes that workers wrote to disk because they had no room in memory. */
  readonly spilledBytes: number
  /** Since the first row was asked for, until now or the end. */
  readonly elapsedMs: number
  /** Bytes of frames sent by each worker, by receiving participant; 0 is the leader, workers count from 1. Known at the end. */
  readonly sentBytes: Readonly<Record<number, Readonly<Record<number, number>>>>
}

/** What is done with any run. */
interface RunControl extends AsyncDisposable {
  /** Stops it everywhere; who waits for rows gets `CancelledError` with `reason` as its cause. Resolves when nothing of it is left. */
  cancel(reason?: unknown): Promise<void>
  /** What it has done so far, or in all once it has ended. */
  stats(): RunStats
}

/**
 * A flow that runs. It starts when its rows are first asked for; leaving the loop, `cancel` or disposal stops it everywhere. Its rows are
 * given once: asking again throws `InvalidArgument`.
 *
 * Asking for rows throws what a stage threw, with `stage`, and `file` and `offset` where the row has a source; `PeerLostError` where a
 * worker died; `CancelledError`, `SessionEndedError`; `MillraceError` with the codes of sources, stages, columns and budgets.
 */
export interface FlowRun<R> extends AsyncIterable<R>, RunControl {
  /** All rows in one array. */
  collect(): Promise<R[]>
  /** The rows in batches as they arrive, of any size from 1. */
  batches(): AsyncIterable<readonly R[]>
  /**
   * The rows as a stream of bytes, for a response or a file: `{ format: 'ndjson' }`, or `'csv'` with the options `columns` and `delimiter`. It
   * starts the run when it is first read, and slows it down where it is read slowly; destroying it cancels the run, and an error of the run
   * destroys it. @throws MillraceError `InvalidArgument`
   */
  toNode(options: BytesOptions<R>): Readable
  /** Likewise a web stream of bytes; cancelling it cancels the run. @throws MillraceError `InvalidArgument` */
  toWeb(options: BytesOptions<R>): ReadableStream<Uint8Array>
}

/** The number of an element of a tuple; of a list of any length, any number. */
type IndexOf<I> = I extends `${infer N extends number}` ? N : number

/** A row of any of several flows, and whose it is: `R` are the types of their rows. `flow` tells them apart, for the compiler too. */
export type FlowRow<R extends readonly unknown[]> = { [I in keyof R]: { readonly flow: IndexOf<I>; readonly row: R[I] } }[number]

/** Likewise some rows of one of them. */
export type FlowBatch<R extends readonly unknown[]> = {
  [I in keyof R]: { readonly flow: IndexOf<I>; readonly rows: readonly R[I][] }
}[number]

/**
 * Several flows in one run, which is one sequence of rows: of whichever has some, in the order in which they come; those of one flow in the order of its
 * own. As `FlowRun` in all else: what fails one flow ends the run, and so does leaving it.
 */
export interface FlowsRun<R extends readonly unknown[]> extends AsyncIterable<FlowRow<R>>, RunControl {
  /** All rows: an array for each flow. */
  collect(): Promise<{ -readonly [I in keyof R]: R[I][] }>
  /** The rows in batches as they arrive, of any size from 1. */
  batches(): AsyncIterable<FlowBatch<R>>
}
