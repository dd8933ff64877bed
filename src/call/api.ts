import type { CallContext } from './handlers.js'
import type { RemoteStream } from './remote-stream.js'

/** What a caller may give beside the input. */
export interface CallOptions {
  /** Aborting it cancels the call or stream: it rejects with `CancelledError`, whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

type InputOf<F> = F extends () => unknown ? undefined : F extends (input: infer I, context: CallContext) => unknown ? I : never

type Yields<R> = R extends AsyncIterable<infer T> ? T : R extends Iterable<infer T> ? T : never
type Returns<R> = R extends AsyncIterator<unknown, infer T, never> | Iterator<unknown, infer T, never> ? T : unknown
type IsStream<R> = [R] extends [never] ? false : R extends AsyncIterator<unknown> | Iterator<unknown> ? true : false

type Arguments<I> = undefined extends I ? [input?: I, options?: CallOptions] : [input: I, options?: CallOptions]

/** One handler as its caller sees it. */
export type Remote<F> = F extends (...args: never[]) => infer R
  ? IsStream<R> extends true
    ? (...args: Arguments<InputOf<F>>) => RemoteStream<Yields<R>, Returns<R>>
    : (...args: Arguments<InputOf<F>>) => Promise<Awaited<R>>
  : never

/** What `pool.api` offers for a module's handlers: generators as lazy streams, everything else as promises. */
export type Api<H> = { readonly [K in keyof H as H[K] extends (...args: never[]) => unknown ? K : never]: Remote<H[K]> }

/** The handlers of a worker module, `typeof import('./x.worker.js')`, or an explicit type of them. */
export type HandlersOf<M> = M extends { readonly default: infer H } ? H : M
