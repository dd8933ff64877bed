/** How often, at least, a loop looks at the clock: a run of costly rows behind cheap ones stalls for that many rows once. */
const ROWS_BETWEEN_LOOKS_MAX = 64

/**
 * The time that one turn of work may take, before others have theirs. Whoever loops asks `over()` once per turn of its loop, and pauses
 * when it is; the driver calls `begin()` before it goes on. It looks at the clock every few rows, more often where rows are costly.
 */
export class Slice {
  readonly #clock: { now(): number }
  readonly #sliceMs: number
  #left = 1
  #every = 1
  #beganMs: number
  #lookedMs: number
  #expired = false
  #looks = 0
  /** Asked at every look: true ends the slice early. */
  interrupted: (() => boolean) | undefined

  constructor(clock: { now(): number }, sliceMs: number) {
    this.#clock = clock
    this.#sliceMs = sliceMs
    this.#beganMs = this.#lookedMs = clock.now()
  }

  /** Whether `over()` said so since the slice began. */
  get expired(): boolean {
    return this.#expired
  }

  /** How often the clock was looked at: two of the same number lie less than about an eighth of a slice apart. */
  get looks(): number {
    return this.#looks
  }

  begin(): void {
    this.#expired = false
    this.#beganMs = this.#lookedMs = this.#clock.now()
    this.#left = this.#every
  }

  over(): boolean {
    if (--this.#left > 0) return false
    return this.#look()
  }

  #look(): boolean {
    const now = this.#clock.now()
    const sinceLookMs = now - this.#lookedMs
    const aimMs = this.#sliceMs / 8
    if (sinceLookMs > aimMs) this.#every = Math.max(1, Math.floor((this.#every * aimMs) / sinceLookMs))
    else if (sinceLookMs < aimMs / 2) this.#every = Math.min(ROWS_BETWEEN_LOOKS_MAX, this.#every * 2)
    this.#lookedMs = now
    this.#looks++
    const over = now - this.#beganMs >= this.#sliceMs || this.interrupted?.() === true
    this.#left = over ? 1 : this.#every
    this.#expired = over
    return over
  }
}
