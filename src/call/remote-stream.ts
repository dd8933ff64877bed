import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { onAbort } from '../base/abort-listener.js'
import { CancelledError, MillraceError, ProtocolError } from '../base/errors.js'
import type { Inbound } from '../stream/inbound.js'
import type { AnyCodec } from './codec.js'
import type { LentValues } from './lent-values.js'
import { locate } from './locate.js'
import { isRetriable } from './retry.js'
import { StreamResult } from './stream-result.js'
import { isRawMark, RESULT_MARK, ValueReader } from './value-reader.js'
import { RAW_BYTES } from './value-writer.js'

function nothing(): void {}

const BATCH_VALUES_MAX = 1024

/** How a stream begins, when its consumer first asks. */
export type OpenStream = () => Promise<Inbound>

export interface RemoteStreamOptions {
  /** It was left before it began. */
  readonly dropped?: () => void
  /** How often it may begin again where its worker is lost before the first message. */
  readonly retries?: number | undefined
  /** The long values whose memory is used again once the next is asked for. */
  readonly lent?: LentValues | undefined
  /** Its values are what this makes of bytes. */
  readonly codec?: AnyCodec | undefined
}

/**
 * A generator that runs elsewhere. Lazy: nothing runs before the first `next`. Leaving the loop, `return`, `throw`, `cancel` and the
 * signal stop it at once; reading slowly slows it down. What the producer returns comes with the end, and as `result`.
 */
export class RemoteStream<T, R = unknown> implements AsyncIterableIterator<T, R | undefined, undefined>, AsyncDisposable {
  private inbound: Inbound | undefined
  private values: ValueReader | undefined
  private state: 'lazy' | 'open' | 'done' = 'lazy'
  private failure: { readonly error: unknown } | undefined
  /** Calls of `next` that wait, and the last of them: they are answered in order. */
  private waiting = 0
  private last: Promise<IteratorResult<T, R | undefined>> | undefined
  /** Whether long messages are values by themselves. */
  private isRaw = false
  /** Ends the wait for its beginning. */
  private left: () => void = () => {}
  /** What the producer returned: not yet, the value that comes next, or here. */
  private returned: 'not yet' | 'next' | { readonly value: R | undefined } = 'not yet'
  private readonly outcome = new StreamResult<R>()
  private unlisten: () => void = nothing
  private retries: number

  constructor(
    private readonly openStream: OpenStream,
    private readonly signal: AbortSignal | undefined,
    private readonly options: RemoteStreamOptions = {},
  ) {
    this.retries = options.retries ?? 0
  }

  /**
   * What the producer returned, once the stream was read to its end: this reads nothing by itself. Rejects with the error that the stream
   * ended with, with `CancelledError` where it was left early; never as an unhandled rejection.
   */
  get result(): Promise<R> {
    return this.outcome.promise
  }

  /**
   * The next value. Rejects with what the producer threw, after the values before it; `PeerLostError` where the worker died,
   * `CancelledError`, `SessionEndedError` where the pool was closed, `TooManyCallsError`, `MillraceError` `NotCloneable` for the input.
   */
  next(): Promise<IteratorResult<T, R | undefined>> {
    this.options.lent?.takeBack()
    if (this.waiting === 0) {
      try {
        const atHand = this.atHand()
        if (atHand !== undefined) return Promise.resolve(atHand)
      } catch (error) {
        this.stop(error)
        return Promise.reject(error)
      }
    }
    this.waiting++
    // Nothing but its consumer waits for a promise, where they come one by one: so the consumer stands in the stack of an error.
    const pull = () => this.pull()
    const next: Promise<IteratorResult<T, R | undefined>> = this.last === undefined ? pull() : this.last.then(pull, pull)
    if (this.waiting > 0) this.last = next
    return next
  }

  /** Stops the stream and hands `value` back. Pending and later `next`s end it without an error. */
  return(value?: R): Promise<IteratorResult<T, R | undefined>> {
    this.leave()
    return Promise.resolve({ value, done: true })
  }

  /** Stops the stream and rejects with `error`. */
  throw(error?: unknown): Promise<IteratorResult<T, R | undefined>> {
    this.leave()
    return Promise.reject(error)
  }

  /** Stops the stream; a pending and every later `next` reject with `CancelledError`, whose cause is `reason`. */
  cancel(reason?: unknown): void {
    if (this.state === 'done') return
    const error = reason === undefined ? new CancelledError() : new CancelledError('cancelled', { cause: reason })
    this.failure = { error }
    this.stop(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.leave()
  }

  /** The values in arrays of those that are at hand together, at least one and at most 1024: fewer promises than values. */
  async *batches(): AsyncGenerator<T[], R | undefined, undefined> {
    try {
      for (;;) {
        const first = await this.next()
        if (first.done === true) return first.value
        const batch = [first.value]
        for (let more = this.taken(); more !== undefined; more = batch.length < BATCH_VALUES_MAX ? this.taken() : undefined)
          batch.push(more.value)
        yield batch
      }
    } finally {
      this.leave()
    }
  }

  /** As a web stream of values, which pulls them one by one. Cancelling it cancels this. Throws `InvalidArgument` with `reuse`. */
  toWeb(): ReadableStream<T> {
    this.checkOwn('toWeb')
    return new globalThis.ReadableStream<T>(
      {
        pull: async (controller) => {
          const next = await this.next()
          if (next.done === true) controller.close()
          else controller.enqueue(next.value)
        },
        cancel: (reason) => this.cancel(reason),
      },
      { highWaterMark: 0 },
    )
  }

  /** As a Node.js stream: of bytes where `objectMode` is false, else of values, which must not be null. Destroying it stops this. Throws `InvalidArgument` with `reuse`. */
  toNode(options: { readonly objectMode?: boolean } = {}): Readable {
    this.checkOwn('toNode')
    return Readable.from(this, { objectMode: options.objectMode ?? true, highWaterMark: 1 })
  }

  private checkOwn(method: string): void {
    if (this.options.lent === undefined) return
    throw new MillraceError('InvalidArgument', `${method}() hands values on to who keeps them: make the call without 'reuse'`)
  }

  /** The next value, where it can be given without waiting. */
  private atHand(): IteratorYieldResult<T> | undefined {
    for (;;) {
      if (this.values?.hasMore === true) {
        const value = this.values.next()
        if (!this.values.hasMore) this.values = undefined
        if (value !== RESULT_MARK && this.returned === 'not yet') return { value: this.decoded(value), done: false }
        this.takeResult(value)
        continue
      }
      const message = this.state === 'open' ? this.inbound?.take() : undefined
      if (message === undefined) return undefined
      this.retries = 0
      if (this.isRaw && message.length > RAW_BYTES) {
        if (this.returned !== 'not yet') throw new ProtocolError('bytes by themselves behind a result mark')
        this.options.lent?.add(message)
        return { value: this.decoded(message), done: false }
      }
      const isMark = isRawMark(message)
      this.isRaw = isMark && !this.isRaw
      if (!isMark) this.values = new ValueReader(message, this.options.lent !== undefined)
    }
  }

  private decoded(value: unknown): T {
    const { codec } = this.options
    if (codec === undefined) return value as T
    if (value instanceof Uint8Array) return codec.decode(value)
    throw new ProtocolError('a value of a stream with a codec that is no bytes')
  }

  /** A value behind those that were yielded. */
  private takeResult(value: unknown): void {
    if (value === RESULT_MARK && this.returned === 'not yet') this.returned = 'next'
    else if (value !== RESULT_MARK && this.returned === 'next') this.returned = { value: value as R }
    else throw new ProtocolError('values behind what the producer returned')
  }

  /** The next value at hand for a batch. What is wrong with it is told to the next `next`, which looks at it again. */
  private taken(): IteratorYieldResult<T> | undefined {
    if (this.waiting > 0 || this.failure !== undefined) return undefined
    try {
      return this.atHand()
    } catch (error) {
      this.failure = { error }
      this.stop(error)
      return undefined
    }
  }

  private async pull(): Promise<IteratorResult<T, R | undefined>> {
    try {
      for (;;) {
        const atHand = this.atHand()
        if (atHand !== undefined) return atHand
        if (this.failure !== undefined) throw this.failure.error
        if (this.state === 'done') return { value: undefined, done: true }
        if ((await this.arrived()) && this.failure === undefined) return { value: this.ended(), done: true }
      }
    } catch (error) {
      this.stop(error)
      throw this.inbound === undefined ? error : locate(error, this.inbound.id)
    } finally {
      // Before the consumer is told, so that it finds what is at hand by the short way next.
      if (--this.waiting === 0) this.last = undefined
    }
  }

  /** Waits for what comes next. True: the end has. */
  private async arrived(): Promise<boolean> {
    try {
      const inbound = this.inbound ?? (await this.open())
      if (inbound === undefined) return false
      if (inbound.isDone) return true
      await inbound.ready()
    } catch (error) {
      if (this.retries === 0 || this.isDone() || !isRetriable(error)) throw error
      this.retries--
      this.inbound = undefined
    }
    return false
  }

  private open(): Promise<Inbound | undefined> {
    const { signal } = this
    if (signal?.aborted === true) {
      this.cancel(signal.reason)
      return Promise.resolve(undefined)
    }
    this.state = 'open'
    if (signal !== undefined) {
      this.unlisten()
      this.unlisten = onAbort(signal, () => this.cancel(signal.reason))
    }
    return new Promise((resolve, reject) => {
      this.left = () => resolve(undefined)
      this.openStream().then((inbound) => {
        this.inbound = inbound
        // Its consumer may have left meanwhile.
        if (this.isDone()) inbound.cancel()
        resolve(inbound)
      }, reject)
    })
  }

  private isDone(): boolean {
    return this.state === 'done'
  }

  /** The producer returned and everything was read. */
  private ended(): R | undefined {
    if (this.returned === 'next') throw new ProtocolError('a stream that ended behind a result mark')
    const value = this.returned === 'not yet' ? undefined : this.returned.value
    this.finish()
    this.outcome.settle({ value: value as R })
    return value
  }

  private leave(): void {
    if (this.state !== 'done') this.stop(new CancelledError('the stream was left before its end'))
  }

  private stop(error: unknown): void {
    this.outcome.settle({ error })
    if (this.state === 'lazy') this.options.dropped?.()
    this.finish()
    this.values = undefined
    this.inbound?.cancel()
    this.left()
  }

  private finish(): void {
    this.state = 'done'
    this.unlisten()
  }
}

// What the runtime has for asynchronous iterators, such as helpers, is there for these too.
Object.setPrototypeOf(RemoteStream.prototype, Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}.prototype)))
