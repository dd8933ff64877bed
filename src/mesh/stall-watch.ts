import type { Clock } from '../base/clock.js'
import { type Part, reportOf, type StallReport, signatureOf } from './stall-report.js'

/** How long nothing may move before it is told, by default. */
export const STALL_MS_DEFAULT = 10_000
/** Looks in a row that must be alike, half of the time apart. */
const LOOKS = 3

export interface StallWatchOptions {
  readonly stallMs: number
  readonly clock: Clock
  readonly look: () => Promise<readonly Part[]>
  readonly onStall: (report: StallReport) => void
}

/**
 * Looks whether anything moves in one mesh for as long as somebody in this thread waits: one timer, none while nobody does. It compares
 * what all participants say at looks that lie half of `stallMs` apart, counted and not timed, so that a process that was stopped and
 * goes on is not taken for a stalled one. What stalls is told once, until something moves.
 */
export class StallWatch {
  private waiting = 0
  private stopTimer: (() => void) | undefined
  /** Which uninterrupted wait this is: answers to a look of an earlier one count for nothing. */
  private wait = 0
  private looks = 0
  private signature = ''
  private firstMs = 0

  constructor(private readonly options: StallWatchOptions) {}

  change(by: 1 | -1): void {
    this.waiting += by
    if (this.waiting === 1 && by === 1) this.begin()
    else if (this.waiting === 0) this.end()
  }

  private begin(): void {
    this.wait++
    this.looks = 0
    this.arm()
  }

  private end(): void {
    this.wait++
    this.stopTimer?.()
  }

  private arm(): void {
    this.stopTimer = this.options.clock.schedule(() => void this.look(this.wait), this.options.stallMs / 2)
  }

  private async look(wait: number): Promise<void> {
    const beganMs = this.options.clock.now()
    const parts = await this.options.look()
    if (wait !== this.wait) return
    this.compare(parts, beganMs)
    // What is told may end the wait.
    if (wait === this.wait) this.arm()
  }

  private compare(parts: readonly Part[], beganMs: number): void {
    const signature = signatureOf(parts)
    if (this.looks === 0 || signature !== this.signature) {
      this.signature = signature
      this.looks = 0
      this.firstMs = beganMs
    }
    this.looks++
    if (this.looks === LOOKS) this.options.onStall(reportOf(parts, beganMs - this.firstMs))
  }
}
