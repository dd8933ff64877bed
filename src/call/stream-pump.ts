import { systemClock } from '../base/clock.js'
import { MillraceError } from '../base/errors.js'
import { macrotask } from '../base/macrotask.js'
import { Slice } from '../base/slice.js'
import { ownCopy } from '../memory/allocation.js'
import type { Sink } from '../stream/sink.js'
import type { SourceTask } from '../stream/source-task.js'
import { type AnyCodec, encodedBy } from './codec.js'
import { RAW_BYTES, RAW_MARK, ValueWriter } from './value-writer.js'

/** A message goes out at this size at the latest. */
const MESSAGE_BYTES = 0x8000
const VALUES_MAX = 1024
/** So much is sent before a receiver that may sleep is told. */
const TELL_BYTES = 0x4_0000
/** How long a producer may work before others have their turn. */
const SLICE_MS = 1

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>
type AnyIterable = Partial<AsyncIterable<unknown> & Iterable<unknown>>

/**
 * Pulls a producer for as long as its one receiver is hungry, and puts its values into messages: the first alone, then more and more
 * in one, and always what there is when the event loop turns.
 */
export class StreamPump {
  private readonly writer = new ValueWriter()
  private readonly slice = new Slice(systemClock, SLICE_MS)
  private readonly sink: Sink
  private valuesMax = 1
  private flushScheduled = false
  /** Sent, and the receiver not yet told. */
  private untoldBytes = 0
  private isFirst = true
  /** Whether the receiver takes long messages for values by themselves. */
  private isRaw = false
  /** What the last value took if it was long: nothing is pulled before there is credit for another, which then goes out uncopied. */
  private longBytes = 0

  /** Pulled since the receiver last waited. */
  private ahead = 0

  /** `valuesAhead`: so many may be pulled before the receiver waits for the next; 0: no limit but its credit. */
  constructor(
    private readonly task: SourceTask,
    private readonly valuesAhead = 0,
    private readonly codec?: AnyCodec | undefined,
  ) {
    this.sink = task.sinks[0]
  }

  /** Throws `NotIterable` where `iterable` is nothing of that kind; `name` says what gave it. */
  async run(iterable: unknown, name: string): Promise<void> {
    const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous } = (iterable ?? {}) as AnyIterable
    if (asynchronous !== undefined) await this.drive(asynchronous.call(iterable), true)
    else if (synchronous !== undefined) await this.drive(synchronous.call(iterable), false)
    else throw new MillraceError('NotIterable', `${name} is a stream, but returned nothing that can be iterated`)
  }

  /** An asynchronous iterator is told at once when the receiver leaves: it may wait for something that never comes. */
  private async drive(iterator: AnyIterator, isAsynchronous: boolean): Promise<void> {
    let done = false
    const left = () => void settleReturn(iterator)
    if (isAsynchronous) this.task.signal.addEventListener('abort', left, { once: true })
    try {
      done = await this.pull(iterator)
    } catch (error) {
      // What threw has ended by itself; an error of ours, such as a value that cannot be cloned, has not ended it.
      this.sendAll()
      void settleReturn(iterator)
      throw error
    }
    if (done) this.sendAll()
    else await settleReturn(iterator)
  }

  /** Returns whether the producer is done; otherwise nobody wants more. */
  private async pull(iterator: AnyIterator): Promise<boolean> {
    for (;;) {
      if (!this.mayPull && !(await this.wanted())) return false
      this.ahead++
      const next = iterator.next()
      const step = isPromise(next) ? await next : next
      if (step.done === true) {
        this.addResult(step.value)
        return true
      }
      this.add(this.codec === undefined ? step.value : encodedBy(this.codec, step.value))
      if (this.slice.over()) await this.rest()
    }
  }

  private add(value: unknown): void {
    if (value instanceof Uint8Array && value.length > RAW_BYTES) {
      this.longBytes = value.length
      this.sendRaw(value)
      return
    }
    this.longBytes = 0
    const alone = this.writer.add(value)
    if (alone !== undefined) this.sendAlone(alone)
    else if (this.writer.length >= this.valuesMax || this.writer.byteLength >= MESSAGE_BYTES) {
      this.valuesMax = Math.min(VALUES_MAX, 2 * this.valuesMax)
      this.send()
    } else this.sendSoon()
  }

  /** What the producer returned, behind its values; nothing is sent where it returned nothing. */
  private addResult(value: unknown): void {
    if (value === undefined) return
    this.writer.markResult()
    const alone = this.writer.add(value)
    if (alone !== undefined) this.sendAlone(alone)
  }

  private sendAlone(message: Uint8Array): void {
    this.send()
    this.endRaw(message)
    this.write(message)
  }

  private send(): void {
    if (this.writer.isEmpty) return
    const { message } = this.writer
    this.endRaw(message)
    if (this.sink.trySend(message)) {
      this.writer.clear()
      this.sent(message.length)
    } else this.write(this.writer.takeMessage())
  }

  /** Long bytes go as they are, straight into the ring where they can. */
  private sendRaw(value: Uint8Array): void {
    this.send()
    if (!this.isRaw) this.mark()
    this.isRaw = true
    if (this.sink.trySend(value)) this.sent(value.length)
    else this.write(ownCopy(value))
  }

  /** A short message ends it by itself. */
  private endRaw(message: Uint8Array): void {
    if (this.isRaw && message.length > RAW_BYTES) this.mark()
    this.isRaw = false
  }

  private mark(): void {
    if (!this.sink.trySend(RAW_MARK)) this.write(RAW_MARK)
  }

  private write(message: Uint8Array): void {
    if (this.sink.isClosed) return
    this.sink.write(message)
    this.sent(message.length)
  }

  /** The receiver is told of many messages at once, and of the last when the event loop turns: to wake it costs more than to send. */
  private sent(bytes: number): void {
    this.untoldBytes += bytes
    if (this.isFirst || this.untoldBytes >= TELL_BYTES) this.tell()
    else this.sendSoon()
  }

  private tell(): void {
    this.isFirst = false
    if (this.untoldBytes === 0) return
    this.untoldBytes = 0
    this.task.flush()
  }

  /** Everything that was pulled goes out. */
  private sendAll(): void {
    this.send()
    this.tell()
  }

  /** The producer may wait for something before its next value. */
  private sendSoon(): void {
    if (this.flushScheduled) return
    this.flushScheduled = true
    setImmediate(() => {
      this.flushScheduled = false
      this.sendAll()
    })
  }

  private async rest(): Promise<void> {
    this.sendAll()
    await macrotask()
    this.slice.begin()
  }

  private get mayPull(): boolean {
    return this.sink.isHungryFor(this.longBytes) && (this.valuesAhead === 0 || this.ahead < this.valuesAhead)
  }

  /** Waits until the receiver wants more. False: it is gone. */
  private async wanted(): Promise<boolean> {
    this.sendAll()
    while (!this.mayPull) {
      if (this.sink.isClosed) return false
      if (this.valuesAhead > 0 && this.sink.isStarving) this.ahead = 0
      else await this.task.changed()
    }
    this.slice.begin()
    return true
  }
}

function isPromise(value: unknown): value is Promise<IteratorResult<unknown>> {
  return typeof (value as { then?: unknown }).then === 'function'
}

/** So that `finally` blocks run. What they throw has no receiver any more. */
async function settleReturn(iterator: AnyIterator): Promise<void> {
  try {
    await iterator.return?.()
  } catch {
    // The caller has left, or was told of the first error already.
  }
}
