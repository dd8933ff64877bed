import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import { CancelledError } from '../base/errors.js'

/** What subscribers of `millrace:call` (at the caller) and `millrace:handler` (in the worker) are told; one object for each call. */
export interface CallTrace {
  readonly handler: string
  readonly kind: 'value' | 'stream'
  /** Where it runs; at the caller undefined, where the least busy worker is chosen. */
  readonly worker: number | undefined
  /** What it failed with. */
  error?: unknown
  /** Set where its consumer left before the end. */
  isLeft?: boolean
}

const CALL = tracingChannel<unknown, CallTrace>('millrace:call')
const HANDLER = tracingChannel<unknown, CallTrace>('millrace:handler')

/** `TracingChannel.hasSubscribers` came with Node.js 22. */
function isTraced({ start, end, asyncStart, asyncEnd, error }: TracingChannel<unknown, CallTrace>): boolean {
  return start.hasSubscribers || end.hasSubscribers || asyncStart.hasSubscribers || asyncEnd.hasSubscribers || error.hasSubscribers
}

/** A call for one value. */
export function traceValue<T>(handler: string, worker: number | undefined, call: () => Promise<T>): Promise<T> {
  if (!isTraced(CALL)) return call()
  return CALL.tracePromise(call, { handler, kind: 'value', worker })
}

/** A stream that begins now, and is over when `result` says so. */
export function traceStream(handler: string, worker: number | undefined, result: () => Promise<unknown>): void {
  if (!isTraced(CALL)) return
  const trace: CallTrace = { handler, kind: 'stream', worker }
  CALL.start.publish(trace)
  CALL.end.publish(trace)
  void result().then(
    () => over(CALL, trace),
    (error: unknown) => failed(CALL, trace, error),
  )
}

/** A handler, until nothing of it runs any more. */
export function traceHandler(handler: string, kind: CallTrace['kind'], worker: number, run: () => Promise<void>): Promise<void> {
  if (!isTraced(HANDLER)) return run()
  return HANDLER.tracePromise(run, { handler, kind, worker })
}

function failed(channel: TracingChannel<unknown, CallTrace>, trace: CallTrace, error: unknown): void {
  if (error instanceof CancelledError) trace.isLeft = true
  else {
    trace.error = error
    channel.error.publish(trace)
  }
  over(channel, trace)
}

function over({ asyncStart, asyncEnd }: TracingChannel<unknown, CallTrace>, trace: CallTrace): void {
  asyncStart.publish(trace)
  asyncEnd.publish(trace)
}
