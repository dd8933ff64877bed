import { systemClock } from '../base/clock.js'
import { macrotask } from '../base/macrotask.js'
import { Slice } from '../base/slice.js'
import type { Sink } from '../stream/sink.js'
import type { SourceTask } from '../stream/source-task.js'
import { RAW_MARK, SMALL_BYTES, ValueWriter } from './value-writer.js'

/** A message goes out at this size at the latest. */
const MESSAGE_BYTES = 0x8000
const VALUES_MAX = 1024
/** So much is sent before a receiver that may sleep is told. */
const TELL_BYTES = 0x4_0000
/** How long a producer may work before others have their turn. */
const SLICE_MS = 1

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

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

  constructor(private readonly task: SourceTask) {
    this.sink = task.sinks[0]
  }

  /** An asynchronous iterator is told at once when the receiver leaves: it may wait for something that never comes. */
  async run(iterator: AnyIterator, isAsynchronous: boolean): Promise<void> {
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
      if (!this.sink.isHungry && !(await this.hungry())) return false
      const next = iterator.next()
      const step = isPromise(next) ? await next : next
      if (step.done === true) return true
      this.add(step.value)
      if (this.slice.over()) await this.rest()
    }
  }

  private add(value: unknown): void {
    if (value instanceof Uint8Array && value.length > SMALL_BYTES) {
      this.sendRaw(value)
      return
    }
    const alone = this.writer.add(value)
    if (alone !== undefined) {
      this.send()
      this.write(alone)
    } else if (this.writer.length >= this.valuesMax || this.writer.byteLength >= MESSAGE_BYTES) {
      this.valuesMax = Math.min(VALUES_MAX, 2 * this.valuesMax)
      this.send()
    } else this.sendSoon()
  }

  private send(): void {
    if (this.writer.isEmpty) return
    const { message } = this.writer
    if (this.sink.trySend(message)) {
      this.writer.clear()
      this.sent(message.length)
    } else this.write(this.writer.takeMessage())
  }

  /** Long bytes go as they are, straight into the ring where they can. */
  private sendRaw(value: Uint8Array): void {
    this.send()
    if (!this.sink.trySend(RAW_MARK)) this.write(RAW_MARK)
    if (this.sink.trySend(value)) this.sent(value.length)
    else this.write(value.slice())
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

  /** Waits until the receiver is hungry. False: it is gone. */
  private async hungry(): Promise<boolean> {
    this.sendAll()
    while (!this.sink.isHungry) {
      if (this.sink.isClosed) return false
      await this.task.changed()
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
