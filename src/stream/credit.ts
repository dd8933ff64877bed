import { assert } from '../base/assert.js'
import { ProtocolError } from '../base/errors.js'
import { LIMITS } from '../base/limits.js'
import { keepShape, WIDE_ZERO } from '../base/shape.js'
import { align8, TOTAL_PREFIX_BYTES } from '../frame/kinds.js'

/** What a frame is charged, the same on both sides: its padded payload and a fixed cost. */
export function frameCost(payloadBytes: number): number {
  return align8(payloadBytes) + LIMITS.frameCostBytes
}

/** What is left of a message's cost when its first `sentBytes` (prefix included) have been charged; F is the largest payload. */
export function remainingCost(totalBytes: number, sentBytes: number, payloadMax: number): number {
  const rest = totalBytes + TOTAL_PREFIX_BYTES - sentBytes
  const full = Math.floor((rest - 1) / payloadMax)
  return full * frameCost(payloadMax) + frameCost(rest - full * payloadMax)
}

/** Sender's side: how much of the receiver's memory may still be filled. Cumulative bytes. */
export class SendCredit {
  private limit = WIDE_ZERO
  private used = WIDE_ZERO

  get left(): number {
    return this.limit - this.used
  }

  /** A limit is absolute and never goes back. */
  grant(limit: number): void {
    if (limit < this.limit) throw new ProtocolError(`credit went back from ${this.limit} to ${limit}`)
    this.limit = limit
  }

  take(cost: number): void {
    assert(cost <= this.left, `sending ${cost} with credit for ${this.left}`)
    this.used += cost
  }
}

/**
 * The elastic receive memory of one participant. Every open stream owns a floor, cost(F), outside it; what it is granted above the
 * floor is charged here.
 */
export class Budget {
  private charged = 0
  private openStreams = 0

  constructor(private readonly elasticBytes: number = LIMITS.elasticBytes) {}

  get free(): number {
    return Math.max(0, this.elasticBytes - this.charged)
  }

  get chargedBytes(): number {
    return this.charged
  }

  get streams(): number {
    return this.openStreams
  }

  /** The share of one stream. */
  get windowBytes(): number {
    return Math.min(this.elasticBytes / Math.max(1, this.openStreams), LIMITS.windowBytesMax)
  }

  open(): void {
    this.openStreams++
  }

  close(): void {
    this.openStreams--
    assert(this.openStreams >= 0, 'more streams closed than opened')
  }

  charge(bytes: number): void {
    this.charged += bytes
    assert(this.charged >= 0, `elastic charge of ${this.charged}`)
  }
}

/** A window begins with one frame at hand and one on its way. */
const WINDOW_FRAMES_FIRST = 2

/**
 * Receiver's side of one stream. The limit last granted minus what the operator took is memory reserved for the sender.
 * Arithmetic only; in the manner of rust-yamux `flow_control.rs`.
 */
export class ReceiveCredit {
  private limit = WIDE_ZERO
  private received = WIDE_ZERO
  private taken = WIDE_ZERO
  private charge = WIDE_ZERO
  /** What the stream has shown that it can use. */
  private grown = WIDE_ZERO
  /** What was taken when it last grew. */
  private grownAt = WIDE_ZERO
  private readonly floor: number

  constructor(
    private readonly payloadMax: number,
    private readonly budget: Budget,
    private readonly windowMax: number = LIMITS.windowBytesMax,
  ) {
    this.floor = frameCost(payloadMax)
    this.grown = Math.min(WINDOW_FRAMES_FIRST * this.floor, windowMax)
    budget.open()
  }

  get limitBytes(): number {
    return this.limit
  }

  /** A frame arrived. */
  receive(cost: number): void {
    this.received += cost
    if (this.received > this.limit) throw new ProtocolError(`the sender went ${this.received - this.limit} beyond its credit`)
  }

  /** The operator took a message. */
  take(cost: number): void {
    this.taken += cost
    assert(this.taken <= this.received, 'more taken than received')
    this.recharge(Math.min(this.charge, this.reserved()))
  }

  /** Whether half the window could be granted again. */
  get isDue(): boolean {
    return this.reach() - (this.limit - this.taken) >= this.window() / 2
  }

  /** Grants in full; the new limit may be the old one. */
  grant(): number {
    this.grow()
    const limit = this.taken + this.reach()
    if (limit > this.limit) {
      this.limit = limit
      this.recharge(this.reserved())
    }
    return this.limit
  }

  /** What the rest of a begun message lacks; not positive: it is within the limit. */
  lacks(totalBytes: number, receivedBytes: number): number {
    return this.received + remainingCost(totalBytes, receivedBytes, this.payloadMax) - this.limit
  }

  /** The overdraft: up to the end of a begun message, beyond window and budget. */
  overdraw(bytes: number): number {
    this.limit += bytes
    return this.limit
  }

  /** Nothing more will come: only what was received and not taken stays reserved; of a message that never ended, `droppedCost` goes. */
  seal(droppedCost: number): void {
    this.received -= droppedCost
    this.limit = this.received
    this.recharge(Math.min(this.charge, this.reserved()))
  }

  close(): void {
    this.recharge(0)
    this.budget.close()
  }

  /**
   * Where all that came is taken, and more than half a window went through since it last grew, it doubles. What is left of the limit does
   * not count: the grant at half a window has moved it already. A consumer that is the slower of the two always has something left to
   * take, and keeps a small window.
   */
  private grow(): void {
    if (this.taken !== this.received || this.taken - this.grownAt <= this.window() / 2) return
    this.grown = Math.min(2 * this.grown, this.windowMax)
    this.grownAt = this.taken
  }

  private window(): number {
    return Math.max(this.floor, Math.min(this.budget.windowBytes, this.grown))
  }

  private reach(): number {
    return Math.floor(Math.min(this.window(), this.floor + this.budget.free + this.charge))
  }

  /** Reserved above the floor. */
  private reserved(): number {
    return Math.max(0, this.limit - this.taken - this.floor)
  }

  private recharge(charge: number): void {
    this.budget.charge(charge - this.charge)
    this.charge = charge
  }
}

keepShape(new ReceiveCredit(LIMITS.framePayloadBytesMax, new Budget()))
