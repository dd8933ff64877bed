import { assert } from '../base/assert.js'
import { Deque } from '../base/deque.js'
import { MillraceError } from '../base/errors.js'
import type { ParticipantId, PhysicalStreamId } from '../base/ids.js'
import { LIMITS } from '../base/limits.js'
import { WIDE_ZERO } from '../base/shape.js'
import { encodeTotals } from '../frame/end-payload.js'
import { FRAME, type FrameKind, TOTAL_PREFIX_BYTES } from '../frame/kinds.js'
import type { FrameOutlet } from '../frame/ports.js'
import { ownCopy } from '../memory/allocation.js'
import { frameCost, SendCredit } from './credit.js'
import { encodeError, type Rank } from './error-payload.js'
import { nextSinkState, type SinkEvent, type SinkState } from './sink-state.js'

/** What a sink tells the one who feeds it and the one who empties it. Called at any time; only marks what is to be done. */
export interface SinkListener {
  /** Something can be sent now. */
  sendable(sink: Sink): void
  /** It may have become hungry, starving, or closed. */
  changed(sink: Sink): void
  /** Where a frame of its own may go at once, before anything in line: nothing is in line, and what is written is copied. */
  directOutlet(): FrameOutlet | undefined
}

interface Terminal {
  readonly kind: FrameKind
  readonly payload: Uint8Array
}

const ANY_FRAME_COST = frameCost(8)

/** One receiver's outlet of a source: a queue of whole messages, its credit, and how it ends. */
export class Sink {
  private current: SinkState = 'planned'
  private readonly queue = new Deque<Uint8Array>()
  private readonly credit = new SendCredit()
  private waitsForUs = false
  private terminal: Terminal | undefined
  /** Bytes of the first message (prefix included) that are already sent. */
  private sentBytes = 0
  private messages = WIDE_ZERO
  private messageBytes = WIDE_ZERO
  private queued = 0
  /** Whether the writer has it in line. */
  enlisted = false

  constructor(
    readonly id: PhysicalStreamId,
    readonly receiver: ParticipantId,
    readonly generation: number,
    private readonly payloadMax: number,
    private readonly listener: SinkListener,
  ) {}

  get state(): SinkState {
    return this.current
  }

  /** Whether nothing written to it goes anywhere any more. */
  get isClosed(): boolean {
    return this.current === 'closing' || this.current === 'closed'
  }

  /** Whether its producer has said that nothing more comes. */
  get isFinished(): boolean {
    return this.current === 'ending' || this.current === 'held'
  }

  get queuedBytes(): number {
    return this.queued
  }

  /** What may still be sent, in bytes of cost. */
  get creditBytes(): number {
    return this.credit.left
  }

  /** Asked for, with nothing under way and credit left: its producer may go on. */
  get isHungry(): boolean {
    return this.current === 'open' && this.queue.length === 0 && this.credit.left >= ANY_FRAME_COST
  }

  /** Hungry, and a mark and a message of that many bytes would go out at once; or its consumer waits. */
  isHungryFor(bytes: number): boolean {
    if (!this.isHungry || this.waitsForUs) return this.isHungry
    return this.credit.left >= ANY_FRAME_COST + this.costOf(bytes)
  }

  /** Hungry, and its consumer waits. */
  get isStarving(): boolean {
    return this.waitsForUs && this.isHungry
  }

  // Control records.

  start(limit: number): void {
    const first = this.current === 'planned' || this.current === 'held' || this.current === 'broken'
    this.go('start')
    if (!first) return
    this.credit.grant(limit)
    this.waitsForUs = true
    this.wake()
  }

  grant(limit: number, starving: boolean): void {
    this.go('credit')
    if (this.isClosed) return
    this.credit.grant(limit)
    if (starving) this.waitsForUs = true
    this.wake()
  }

  cancel(): void {
    this.jump('cancel', { kind: FRAME.RESET, payload: new Uint8Array(8) })
  }

  // The producer.

  /** Queues one message, which the caller does not change afterwards. Dropped where nobody wants it any more. */
  write(message: Uint8Array): void {
    if (message.length === 0 || message.length > LIMITS.messageBytesMax) {
      throw new MillraceError('MessageTooLarge', `a message of ${message.length} bytes: 1 to ${LIMITS.messageBytesMax} can be sent`)
    }
    this.go('write')
    if (this.isClosed || this.current === 'broken') return
    this.queue.push(message)
    this.queued += message.length
    this.listener.sendable(this)
  }

  /**
   * Sends one message at once, without a copy of its own in a queue; of a long one that credit or room end in, a copy waits for more. False: it
   * cannot, now or at all; `write` takes it. The bytes are the caller's again afterwards. To be flushed by the caller.
   */
  trySend(message: Uint8Array): boolean {
    const cost = frameCost(message.length)
    if (!this.isHungry || message.length === 0 || message.length > LIMITS.messageBytesMax) return false
    const outlet = this.listener.directOutlet()
    if (outlet === undefined) return false
    if (message.length > this.payloadMax) return this.sendLong(outlet, message)
    if (cost > this.credit.left || !outlet.tryWrite(FRAME.DATA, this.id, message, 0, message.length, -1)) return false
    this.go('write')
    this.credit.take(cost)
    this.count(message)
    return true
  }

  private sendLong(outlet: FrameOutlet, message: Uint8Array): boolean {
    if (!this.isHungryFor(message.length)) return false
    this.go('write')
    this.queue.push(message)
    this.queued += message.length
    while (this.queue.length > 0 && this.canSend && this.sendFragment(outlet, message));
    if (this.queue.length === 0) return true
    this.queue.clear()
    this.queue.push(ownCopy(message))
    this.listener.sendable(this)
    return true
  }

  /** What a message of that many bytes costs, in one frame or several. */
  private costOf(bytes: number): number {
    if (bytes <= this.payloadMax) return frameCost(bytes)
    const whole = Math.floor((bytes + TOTAL_PREFIX_BYTES) / this.payloadMax)
    return whole * frameCost(this.payloadMax) + frameCost(bytes + TOTAL_PREFIX_BYTES - whole * this.payloadMax)
  }

  /** The producer succeeded: END follows the data. */
  finish(): void {
    this.settle(undefined)
  }

  /** The producer failed and what it wrote before still counts: ERROR follows the data. */
  finishWithError(error: unknown, rank: Rank): void {
    this.settle({ kind: FRAME.ERROR, payload: encodeError(error, rank, this.payloadMax) })
  }

  /** The producer failed: ERROR jumps the queue and drops it. */
  fail(error: unknown, rank: Rank): void {
    this.jump('fail', { kind: FRAME.ERROR, payload: encodeError(error, rank, this.payloadMax) })
  }

  /** The session ends: RESET to whoever asked, nothing to the others. */
  reset(): void {
    if (this.current === 'planned' || this.current === 'held' || this.current === 'broken') this.lose()
    else this.jump('fail', { kind: FRAME.RESET, payload: new Uint8Array(8) })
  }

  /** The peer is gone. */
  lose(): void {
    this.go('lost')
    this.drop()
    this.listener.changed(this)
  }

  // The writer.

  /** Whether a frame could go out now if there were room. */
  get canSend(): boolean {
    if (this.current === 'closing') return true
    if (this.current !== 'open' && this.current !== 'ending') return false
    const message = this.queue.peek()
    if (message === undefined) return this.current === 'ending'
    return frameCost(this.nextPayloadBytes(message)) <= this.credit.left
  }

  /** Sends one frame, which `canSend` allows. False: no room. */
  sendFrame(outlet: FrameOutlet): boolean {
    const message = this.queue.peek()
    if (this.current === 'closing' || message === undefined) return this.sendTerminal(outlet)
    return message.length <= this.payloadMax ? this.sendWhole(outlet, message) : this.sendFragment(outlet, message)
  }

  private sendTerminal(outlet: FrameOutlet): boolean {
    const { terminal } = this
    assert(terminal !== undefined, 'a sink ends without a terminal frame')
    if (!outlet.tryWrite(terminal.kind, this.id, terminal.payload, 0, terminal.payload.length, -1)) return false
    this.go('sent')
    this.listener.changed(this)
    return true
  }

  private sendWhole(outlet: FrameOutlet, message: Uint8Array): boolean {
    if (!outlet.tryWrite(FRAME.DATA, this.id, message, 0, message.length, -1)) return false
    this.credit.take(frameCost(message.length))
    this.messageSent(message)
    return true
  }

  private sendFragment(outlet: FrameOutlet, message: Uint8Array): boolean {
    const payloadBytes = this.nextPayloadBytes(message)
    const first = this.sentBytes === 0
    const start = first ? 0 : this.sentBytes - TOTAL_PREFIX_BYTES
    const end = start + payloadBytes - (first ? TOTAL_PREFIX_BYTES : 0)
    const last = end === message.length
    if (!outlet.tryWrite(last ? FRAME.DATA : FRAME.DATA_MORE, this.id, message, start, end, first ? message.length : -1)) return false
    this.credit.take(frameCost(payloadBytes))
    this.sentBytes += payloadBytes
    if (last) this.messageSent(message)
    return true
  }

  private nextPayloadBytes(message: Uint8Array): number {
    if (message.length <= this.payloadMax) return message.length
    return Math.min(this.payloadMax, message.length + TOTAL_PREFIX_BYTES - this.sentBytes)
  }

  private messageSent(message: Uint8Array): void {
    this.queue.shift()
    this.queued -= message.length
    this.sentBytes = 0
    this.count(message)
    if (this.queue.length > 0) return
    if (this.current === 'ending') this.completeTotals()
    this.listener.changed(this)
  }

  private count(message: Uint8Array): void {
    this.messages++
    this.messageBytes += message.length
    this.waitsForUs = false
  }

  // States.

  private settle(terminal: Terminal | undefined): void {
    const over = this.isClosed || this.current === 'broken'
    this.go('finish')
    if (over) return
    this.terminal = terminal
    if (this.queue.length === 0) this.completeTotals()
    this.wake()
  }

  /** END is made when the last message is sent: only then are the totals known. */
  private completeTotals(): void {
    this.terminal ??= { kind: FRAME.END, payload: encodeTotals({ messages: this.messages, bytes: this.messageBytes }) }
  }

  private jump(event: 'cancel' | 'fail', terminal: Terminal): void {
    const over = this.isClosed
    this.go(event)
    if (over) return
    this.drop()
    this.terminal = terminal
    this.wake()
  }

  private drop(): void {
    this.queue.clear()
    this.queued = 0
    this.sentBytes = 0
    this.terminal = undefined
  }

  private wake(): void {
    if (this.canSend) this.listener.sendable(this)
    this.listener.changed(this)
  }

  private go(event: SinkEvent): void {
    this.current = nextSinkState(this.current, event)
  }
}
