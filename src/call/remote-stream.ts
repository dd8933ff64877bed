import { CancelledError } from '../base/errors.js'
import type { Inbound } from '../stream/inbound.js'
import { isRawMark, ValueReader } from './value-reader.js'
import { SMALL_BYTES } from './value-writer.js'

function nothing(): void {}

/** How a stream begins, when its consumer first asks. */
export type OpenStream = () => Promise<Inbound>

/**
 * A generator that runs elsewhere. Lazy: nothing runs before the first `next`. Leaving the loop, `return`, `throw`, `cancel` and the
 * signal stop it at once; reading slowly slows it down. What the producer returns is not given back.
 */
export class RemoteStream<T> implements AsyncIterableIterator<T, undefined, undefined>, AsyncDisposable {
  private inbound: Inbound | undefined
  private values: ValueReader | undefined
  private state: 'lazy' | 'open' | 'done' = 'lazy'
  private failure: { readonly error: unknown } | undefined
  /** Calls of `next` that wait, and the last of them without its error: they are answered in order. */
  private waiting = 0
  private last: Promise<void> | undefined
  /** Whether long messages are values by themselves. */
  private isRaw = false
  /** Ends the wait for its beginning. */
  private left: () => void = () => {}
  private readonly onAbort = () => this.cancel(this.signal?.reason)

  constructor(
    private readonly openStream: OpenStream,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * The next value. Rejects with what the producer threw, after the values before it; `PeerLostError` where the worker died,
   * `CancelledError`, `SessionEndedError` where the pool was closed, `TooManyCallsError`, `MillraceError` `NotCloneable` for the input.
   */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.waiting === 0) {
      try {
        const atHand = this.atHand()
        if (atHand !== undefined) return Promise.resolve(atHand)
      } catch (error) {
        this.stop()
        return Promise.reject(error)
      }
    }
    this.waiting++
    const next: Promise<IteratorResult<T, undefined>> = this.last === undefined ? this.pull() : this.last.then(() => this.pull())
    if (this.waiting > 0) this.last = next.then(nothing, nothing)
    return next
  }

  /** Stops the stream. Pending and later `next`s end it without an error. */
  return(): Promise<IteratorReturnResult<undefined>> {
    this.stop()
    return Promise.resolve({ value: undefined, done: true })
  }

  /** Stops the stream and rejects with `error`. */
  throw(error?: unknown): Promise<IteratorReturnResult<undefined>> {
    this.stop()
    return Promise.reject(error)
  }

  /** Stops the stream; a pending and every later `next` reject with `CancelledError`, whose cause is `reason`. */
  cancel(reason?: unknown): void {
    if (this.state === 'done') return
    this.failure = { error: reason === undefined ? new CancelledError() : new CancelledError('cancelled', { cause: reason }) }
    this.stop()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
  }

  /** The next value, where it can be given without waiting. */
  private atHand(): IteratorYieldResult<T> | undefined {
    for (;;) {
      if (this.values?.hasMore === true) return { value: this.values.next() as T, done: false }
      const message = this.state === 'open' ? this.inbound?.take() : undefined
      if (message === undefined) return undefined
      if (this.isRaw && message.length > SMALL_BYTES) return { value: message as T, done: false }
      const isMark = isRawMark(message)
      this.isRaw = isMark && !this.isRaw
      if (!isMark) this.values = new ValueReader(message)
    }
  }

  private async pull(): Promise<IteratorResult<T, undefined>> {
    try {
      for (;;) {
        const atHand = this.atHand()
        if (atHand !== undefined) return atHand
        if (this.failure !== undefined) throw this.failure.error
        if (this.state === 'done') return { value: undefined, done: true }
        const inbound = this.inbound ?? (await this.open())
        if (inbound === undefined) continue
        if (!inbound.isDone) await inbound.ready()
        else if (this.failure === undefined) this.finish()
      }
    } catch (error) {
      this.stop()
      throw error
    } finally {
      // Before the consumer is told, so that it finds what is at hand by the short way next.
      if (--this.waiting === 0) this.last = undefined
    }
  }

  private open(): Promise<Inbound | undefined> {
    const { signal } = this
    if (signal?.aborted === true) {
      this.cancel(signal.reason)
      return Promise.resolve(undefined)
    }
    this.state = 'open'
    signal?.addEventListener('abort', this.onAbort, { once: true })
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

  private stop(): void {
    this.finish()
    this.values = undefined
    this.inbound?.cancel()
    this.left()
  }

  private finish(): void {
    this.state = 'done'
    this.signal?.removeEventListener('abort', this.onAbort)
  }
}
