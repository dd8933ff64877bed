import type { SendPlainDataInsteadOf, Unsendable } from './cloneable.js'
import type { RemoteStream } from './remote-stream.js'

/** What a caller may give beside the input. */
export interface CallOptions {
  /** Aborting it cancels the call or stream: it rejects with `CancelledError`, whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /**
   * Begins again, at another worker and at most three times, where the worker was lost before the answer, or before the first value of a
   * stream. Only for handlers marked with `idempotent()`, and inputs without a stream: else the call fails with `InvalidArgument`.
   */
  readonly retry?: boolean | undefined
}

/** What the caller of a stream may give beside the input. */
export interface StreamCallOptions extends CallOptions {
  /**
   * How far the producer may be ahead of its consumer: so many values, 1 to 65535, or values and bytes. Each time the consumer waits it makes
   * so many at most; as many again may be on their way. By default bytes alone count: two frames, and more for a consumer that keeps up.
   * A frame is always within.
   */
  readonly highWaterMark?: number | HighWaterMark | undefined
  /**
   * The memory of bytes is used again: each `Uint8Array` holds until the value after it is asked for, or the next batch. For consumers that
   * look at each once, to hash, parse or copy it: they come two to five times as fast. Not with `toNode` and `toWeb`, which read ahead.
   * Default false: each is in memory of its own.
   */
  readonly reuse?: boolean | undefined
}

export interface HighWaterMark {
  readonly values?: number | undefined
  readonly bytes?: number | undefined
}

type InputOf<F> = F extends () => unknown ? undefined : F extends (input: infer I, context: never) => unknown ? I : never

type Yields<R> = R extends AsyncIterable<infer T> ? T : R extends Iterable<infer T> ? T : never
type Returns<R> = R extends AsyncIterator<unknown, infer T, never> | Iterator<unknown, infer T, never> ? T : unknown
type IsStream<R> = [R] extends [never] ? false : R extends AsyncIterator<unknown> | Iterator<unknown> ? true : false

/** What a caller may give for an input, or a member of one, that its handler reads as a stream. */
type Streamed<T> = AsyncIterable<T> | (Iterable<T> & Iterator<T, unknown, undefined>)
type Given<I> =
  I extends AsyncIterable<infer T>
    ? Streamed<T>
    : I extends readonly unknown[] | ArrayBufferView | Date | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
      ? I
      : I extends object
        ? Extract<I[keyof I], AsyncIterable<unknown>> extends never
          ? I
          : { [K in keyof I]: I[K] extends AsyncIterable<infer T> ? Streamed<T> : I[K] }
        : I

type Arguments<I, O> = [Unsendable<I>] extends [never]
  ? undefined extends I
    ? [input?: Given<I>, options?: O]
    : [input: Given<I>, options?: O]
  : [input: SendPlainDataInsteadOf<Unsendable<I>>, options?: O]

/** One handler as its caller sees it. */
export type Remote<F> = F extends (...args: never[]) => infer R
  ? IsStream<R> extends true
    ? (...args: Arguments<InputOf<F>, StreamCallOptions>) => RemoteStream<Yields<R>, Returns<R>>
    : (...args: Arguments<InputOf<F>, CallOptions>) => Promise<Awaited<R>>
  : never

/** What `pool.api` offers for a module's handlers: generators as lazy streams, everything else as promises. */
export type Api<H> = { readonly [K in keyof H as H[K] extends (...args: never[]) => unknown ? K : never]: Remote<H[K]> }

/** The handlers of a worker module, `typeof import('./x.worker.js')`, or an explicit type of them. */
export type HandlersOf<M> = M extends { readonly default: infer H } ? H : M

/** What a handler can call of the other workers of its pool: their handlers, over links of their own, past the caller's thread. */
export interface Peers {
  /** The numbers of the others that serve now. */
  ids(): Promise<readonly number[]>
  /**
   * The handlers of one of them, which are the same as one's own: with a type of one's own making, `on<{ sum(n: number): number }>(2)`, for
   * a module cannot infer its type from itself. Beyond 1024 open calls to one worker a call fails with `TooManyCalls`: it does not wait.
   */
  on<M>(worker: number): Api<HandlersOf<M>>
}
