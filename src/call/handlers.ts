import { MillraceError } from '../base/errors.js'
import type { Peers } from './api.js'
import type { Extract } from './carrier.js'
import type { AnyCodec, Codec, Codecs } from './codec.js'

/** How much a record matters; nothing is filtered by it. */
export type CallLogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What a handler is given beside its input. `S` is what `setup` returned. */
export interface CallContext<S = unknown> {
  /** Aborted when the caller leaves, is lost, or closes the pool. */
  readonly signal: AbortSignal
  /** The same, for a synchronous loop: true once nobody wants the result. Looks at the rings, so it sees a cancel at once. */
  readonly cancelled: boolean
  /** Which worker this is: 1, 2, ...; never reused within a pool. */
  readonly worker: number
  /** The other workers of the pool. */
  readonly peers: Peers
  /** What `setup` returned in this worker. */
  readonly state: S
  /**
   * Sends one cloneable object to `onLog` of `connect`, with worker and handler. Beyond 1000 records on their way it is dropped, and counted in
   * the next one. Throws `NotCloneable`.
   */
  log(level: CallLogLevel, object: unknown): void
}

// biome-ignore lint/suspicious/noExplicitAny: the types of input and state are the handler's own.
export type Handler<S = any> = (input: any, context: CallContext<S>) => unknown
/** What a module serves: functions of one input and a context, by name. A generator function is a stream, any other a value call. */
// biome-ignore lint/suspicious/noExplicitAny: each handler says what it reads of the state.
export type Handlers<S = any> = Readonly<Record<string, Handler<S>>>

/** What a worker does once, beside its handlers. */
export interface ServeOptions<S> {
  /** Runs before the worker serves; what it returns, or resolves with, is `ctx.state`. What it throws is what `connect` rejects with. */
  readonly setup?: () => S | Promise<S>
  /** Runs at an orderly end, after the last handler. What it throws is nobody's. */
  readonly teardown?: (state: S) => unknown
  /**
   * Runs each handler whose call something goes along with (`inject` of `connect`): to run it in an `AsyncLocalStorage`, or a span. It has to
   * call `run`, which resolves when the handler is done.
   */
  readonly extract?: Extract
}

declare const served: unique symbol
/** What `serve` returns: the default export of a worker module. */
export type Served<H> = H & { readonly [served]?: true }

const SERVED: unique symbol = Symbol.for('millrace.served')
const STREAM: unique symbol = Symbol.for('millrace.stream')
const IDEMPOTENT: unique symbol = Symbol.for('millrace.idempotent')
const CODEC: unique symbol = Symbol.for('millrace.codec')

/** Marks handlers as served. Throws `InvalidArgument` where something in them is no function, or is named `then`. */
export function mark<S>(handlers: Handlers, options: ServeOptions<S>): void {
  for (const [name, handler] of Object.entries(handlers)) {
    if (typeof handler !== 'function') throw new MillraceError('InvalidArgument', `serve: the handler '${name}' is no function`)
    if (name === 'then')
      throw new MillraceError('InvalidArgument', "serve: a handler cannot be called 'then': the api would be taken for a promise")
  }
  Object.defineProperty(handlers, SERVED, { value: options })
}

/**
 * Marks a handler that returns an iterator, where it cannot be recognised as a generator function: a wrapped one, say. Without the mark
 * its calls fail with `NotMarkedStream`; with it a call that returns nothing to iterate fails with `NotIterable`.
 */
export function stream<H extends Handler>(handler: H): H {
  const marked = ((input: unknown, context: CallContext) => handler(input, context)) as H
  Object.defineProperty(marked, STREAM, { value: true })
  return marked
}

/**
 * Marks a handler that may run more than once for one call: `{ retry: true }` then lets a call begin again at another worker where its
 * worker was lost.
 */
export function idempotent<H extends Handler>(handler: H): H {
  const marked = ((input: unknown, context: CallContext) => handler(input, context)) as H
  Object.defineProperty(marked, IDEMPOTENT, { value: true })
  if (isStreamHandler(handler)) Object.defineProperty(marked, STREAM, { value: true })
  if (CODEC in handler) Object.defineProperty(marked, CODEC, { value: handler[CODEC] })
  return marked
}

/**
 * Marks a handler of a stream whose values its codec makes bytes: `coded(arrow, function* batches() { ... })`. Its callers give the same codec
 * to `connect`, by the name of the handler, and get values of the type that it yields.
 */
// biome-ignore lint/suspicious/noExplicitAny: the types of input and state are the handler's own.
export function coded<T, H extends (input: any, context: CallContext<any>) => Iterable<T> | AsyncIterable<T>>(
  codec: Codec<T>,
  handler: H,
): H {
  const marked = ((input: unknown, context: CallContext) => handler(input, context)) as H
  Object.defineProperty(marked, STREAM, { value: true })
  Object.defineProperty(marked, CODEC, { value: codec })
  return marked
}

/** The codec of each handler that has one. */
export function codecsOf(handlers: Handlers): Codecs {
  const all = Object.entries(handlers).map(([name, handler]) => [name, (handler as { readonly [CODEC]?: AnyCodec })[CODEC]] as const)
  return Object.fromEntries(all.filter((each): each is [string, AnyCodec] => each[1] !== undefined))
}

export function isServed(value: unknown): value is Handlers {
  return typeof value === 'object' && value !== null && SERVED in value
}

/** What was given to `serve` with these handlers. */
export function serveOptionsOf(handlers: Handlers): ServeOptions<unknown> {
  return isServed(handlers) ? ((handlers as { readonly [SERVED]?: ServeOptions<unknown> })[SERVED] ?? {}) : {}
}

const GENERATORS = new Set(['GeneratorFunction', 'AsyncGeneratorFunction'])

/** Whether a call of it is a stream. */
export function isStreamHandler(handler: Handler): boolean {
  return STREAM in handler || GENERATORS.has(Object.prototype.toString.call(handler).slice('[object '.length, -1))
}

export function isIdempotentHandler(handler: Handler): boolean {
  return IDEMPOTENT in handler
}
