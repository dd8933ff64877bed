import { Deque } from '../base/deque.js'
import { type CancelledError, type PeerLostError, ProtocolError, SessionEndedError } from '../base/errors.js'
import type { PhysicalStreamId } from '../base/ids.js'
import { WIDE_ZERO } from '../base/shape.js'
import { decodeTotals } from '../frame/end-payload.js'
import { FRAME } from '../frame/kinds.js'
import type { FrameInlet } from '../frame/ports.js'
import { Assembly } from './assembly.js'
import { type Budget, frameCost, ReceiveCredit } from './credit.js'
import { decodeError } from './error-payload.js'
import { type InboundEvent, type InboundState, nextInboundState } from './inbound-state.js'
import type { Borrower, Overdraft } from './overdraft.js'

/** How a stream reaches its sender, and whom it tells. */
export interface InboundOutlet {
  start(stream: Inbound, limit: number): void
  credit(stream: Inbound, limit: number, starving: boolean): void
  cancel(stream: Inbound): void
  /** The consumer waits and no message is complete: `starve` is called once everything published was read. */
  awaitData(stream: Inbound): void
  /** The consumer waits (`true`) or no longer does. */
  waiting(stream: Inbound, waits: boolean): void
}

export interface InboundOptions {
  readonly id: PhysicalStreamId
  readonly generation: number
  readonly payloadMax: number
  readonly budget: Budget
  readonly overdraft: Overdraft
  readonly outlet: InboundOutlet
  /** `calls`: complete messages are delivered before an error. `flows`: an error discards them. */
  readonly delivery: 'calls' | 'flows'
  /** Largest window in bytes; smaller where little is wanted. */
  readonly windowBytes?: number | undefined
  /** Memory for its messages, where it is not their own. */
  readonly allocate?: ((sizeBytes: number) => Uint8Array) | undefined
  /** Nobody's patience hangs on it: its waits do not count as waiting. */
  readonly background?: boolean | undefined
  /** For a stall report. */
  readonly name?: string | undefined
  /** Its terminal frame was read, or will never come: its id is free. */
  readonly over?: (() => void) | undefined
}

interface Received {
  readonly message: Uint8Array
  readonly cost: number
}

/** One execution of a source as its receiver sees it: messages in order, then exactly one end. */
export class Inbound implements Borrower {
  readonly id: PhysicalStreamId
  readonly generation: number
  private current: InboundState = 'idle'
  private readonly received = new Deque<Received>()
  private credit: ReceiveCredit | undefined
  private assembly: Assembly | undefined
  private assemblyCost = 0
  private messages = WIDE_ZERO
  private messageBytes = WIDE_ZERO
  /** The limit that the sender was told last, and how many messages were here when it was told that we wait. */
  private toldLimit = WIDE_ZERO
  private toldMessages = WIDE_ZERO
  private failure: unknown
  /** Why our session ended under a consumer that had not left. */
  private abandonedBy: Error | undefined
  private wakeConsumer: (() => void) | undefined
  private waitPromise: Promise<void> | undefined

  constructor(private readonly options: InboundOptions) {
    this.id = options.id
    this.generation = options.generation
  }

  get name(): string | undefined {
    return this.options.name
  }

  get state(): InboundState {
    return this.current
  }

  /** Whether its terminal frame was read, or will never come. */
  get isOver(): boolean {
    return this.current === 'ended' || this.current === 'failed'
  }

  get bufferedMessages(): number {
    return this.received.length
  }

  /** Messages that the consumer has taken. */
  get takenMessages(): number {
    return this.messages - this.received.length
  }

  /** Whether its consumer waits. */
  get isAwaited(): boolean {
    return this.waitPromise !== undefined
  }

  /** The message that has begun to arrive, and how many bytes of credit its rest lacks. */
  get begun(): { readonly totalBytes: number; readonly receivedBytes: number; readonly lacksBytes: number } | undefined {
    const { assembly } = this
    if (assembly === undefined) return undefined
    return { totalBytes: assembly.totalBytes, receivedBytes: assembly.receivedBytes, lacksBytes: this.lacking() }
  }

  // The consumer.

  /**
   * Opens it where a CALL is its start, and tells the first byte limit. A planned stream opens by itself when its consumer first waits.
   */
  open(): number {
    this.go('pull')
    return this.firstGrant()
  }

  /** The next message, where one is complete. */
  take(): Uint8Array | undefined {
    const next = this.received.shift()
    if (next === undefined) return undefined
    this.giveBack(next.cost)
    const { credit } = this
    if (this.current === 'open' && credit?.isDue) this.tell(credit.grant(), false)
    return next.message
  }

  /** Whether nothing more will come: all is taken and the end was read. Throws the error that ended it. */
  get isDone(): boolean {
    if (this.received.length > 0) return false
    if (this.current === 'failed') throw this.failure
    if (this.abandonedBy !== undefined) throw this.abandonedBy
    return this.current === 'ended' || this.current === 'cancelled'
  }

  /**
   * Resolves when `take` or `isDone` may say something new; starts the stream where nobody has. To wait without a complete message
   * grants all there is and says so to the sender.
   */
  ready(): Promise<void> {
    this.go('pull')
    if (this.received.length > 0 || this.isOver || this.current === 'cancelled') return Promise.resolve()
    if (this.waitPromise === undefined) {
      this.waitPromise = new Promise((resolve) => {
        this.wakeConsumer = resolve
      })
      this.tellWaiting(true)
      if (this.credit === undefined) this.options.outlet.start(this, this.firstGrant())
      else this.options.outlet.awaitData(this)
    }
    return this.waitPromise
  }

  /** Nothing more is on its way: grants all there is and says so to the sender, if the consumer still waits. */
  starve(): void {
    const { overdraft } = this.options
    if (this.waitPromise === undefined || this.credit === undefined) return
    const limit = this.credit.grant()
    // The sender takes it that we wait until it has sent one message more: START and CALL say so by themselves.
    if (limit > this.toldLimit || this.messages > this.toldMessages) this.tell(limit, true)
    if (this.needsOverdraft) overdraft.ask(this)
  }

  /** The next message; undefined at the end. Throws the error that ended the stream. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const message = this.take()
      if (message !== undefined) return message
      if (this.isDone) return undefined
      await this.ready()
    }
  }

  /** The consumer leaves. What is buffered goes; the sender is told; nothing throws any more. */
  cancel(): void {
    const open = !this.isOver && this.current !== 'cancelled'
    this.go('cancel')
    this.discard()
    if (!open) return
    this.options.overdraft.release(this)
    this.options.outlet.cancel(this)
    this.wake()
  }

  // The overdraft.

  get needsOverdraft(): boolean {
    return this.current === 'open' && this.waitPromise !== undefined && this.lacking() > 0
  }

  lend(): void {
    const { credit } = this
    if (credit !== undefined) this.tell(credit.overdraw(this.lacking()), true)
  }

  // Frames.

  /** A DATA, DATA_MORE, END, ERROR or RESET frame. Throws `ProtocolError`. Returns whether it was the terminal one. */
  accept(inlet: FrameInlet): boolean {
    switch (inlet.kind) {
      case FRAME.DATA:
      case FRAME.DATA_MORE:
        this.acceptData(inlet, inlet.kind === FRAME.DATA)
        return false
      case FRAME.END:
        this.acceptEnd(inlet)
        break
      case FRAME.ERROR:
        this.acceptFailure('error', decodeError(inlet.copy()))
        break
      case FRAME.RESET:
        this.acceptFailure('reset', new SessionEndedError('the other side ended its session'))
        break
      default:
        throw new ProtocolError(`a frame of kind ${inlet.kind} for a stream`)
    }
    return true
  }

  /** The peer is gone, or its session over, without a terminal frame. */
  lose(error: PeerLostError | ProtocolError | SessionEndedError): void {
    if (this.isOver) this.go('lost')
    else this.acceptFailure('lost', error)
  }

  /** Our own session ends: the consumer is told now, the terminal frame is still awaited. */
  abandon(error: SessionEndedError | CancelledError): void {
    if (this.isOver || this.current === 'cancelled') return
    this.abandonedBy = error
    this.cancel()
  }

  private acceptData(inlet: FrameInlet, last: boolean): void {
    this.go('data')
    const cost = frameCost(inlet.length)
    this.credit?.receive(cost)
    this.assemblyCost += cost
    if (this.assembly === undefined && last) this.complete(this.copied(inlet))
    else if (this.assembly === undefined) this.assembly = new Assembly(inlet, this.options.payloadMax, this.options.allocate)
    else if (this.assembly.add(inlet, last)) this.complete(this.assembly.message)
    if (this.assembly !== undefined && this.needsOverdraft) this.options.overdraft.ask(this)
  }

  private copied(inlet: FrameInlet): Uint8Array {
    const { allocate } = this.options
    if (allocate === undefined) return inlet.copy()
    const message = allocate(inlet.length)
    inlet.copyInto(message, 0, 0)
    return message
  }

  private complete(message: Uint8Array): void {
    const cost = this.assemblyCost
    if (this.assembly !== undefined) this.options.overdraft.release(this)
    this.assembly = undefined
    this.assemblyCost = 0
    this.messages++
    this.messageBytes += message.length
    if (this.current === 'cancelled') {
      this.giveBack(cost)
      return
    }
    this.received.push({ message, cost })
    this.wake()
  }

  private acceptEnd(inlet: FrameInlet): void {
    const totals = decodeTotals(inlet.copy())
    if (this.assembly !== undefined) throw new ProtocolError('an END inside a message')
    if (totals.messages !== this.messages || totals.bytes !== this.messageBytes) {
      throw new ProtocolError(
        `an END after ${totals.messages} messages of ${totals.bytes} bytes where ${this.messages} of ${this.messageBytes} arrived`,
      )
    }
    this.go('end')
    this.close()
  }

  private acceptFailure(event: 'error' | 'reset' | 'lost', error: unknown): void {
    this.go(event)
    this.failure = error
    if (this.options.delivery === 'flows') this.discard()
    this.close()
  }

  private close(): void {
    this.assembly = undefined
    this.options.overdraft.release(this)
    this.credit?.seal(this.assemblyCost)
    this.closeCredit()
    this.options.over?.()
    this.wake()
  }

  private discard(): void {
    for (let next = this.received.shift(); next !== undefined; next = this.received.shift()) this.giveBack(next.cost)
  }

  private giveBack(cost: number): void {
    this.credit?.take(cost)
    this.closeCredit()
  }

  /** What is buffered stays charged beyond the end, until it is taken. */
  private closeCredit(): void {
    if (!this.isOver || this.received.length > 0) return
    this.credit?.close()
    this.credit = undefined
  }

  private firstGrant(): number {
    const { payloadMax, budget, windowBytes } = this.options
    this.credit = new ReceiveCredit(payloadMax, budget, windowBytes)
    this.toldLimit = this.credit.grant()
    return this.toldLimit
  }

  private tell(limit: number, starving: boolean): void {
    this.toldLimit = limit
    if (starving) this.toldMessages = this.messages
    this.options.outlet.credit(this, limit, starving)
  }

  private lacking(): number {
    const { assembly, credit } = this
    return assembly === undefined || credit === undefined ? 0 : credit.lacks(assembly.totalBytes, assembly.receivedBytes)
  }

  private wake(): void {
    if (this.waitPromise === undefined) return
    const wake = this.wakeConsumer
    this.waitPromise = undefined
    this.wakeConsumer = undefined
    this.tellWaiting(false)
    wake?.()
  }

  private tellWaiting(waits: boolean): void {
    if (this.options.background !== true) this.options.outlet.waiting(this, waits)
  }

  private go(event: InboundEvent): void {
    this.current = nextInboundState(this.current, event)
  }
}
