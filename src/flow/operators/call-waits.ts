/** An operator whose calls go on while its stage does something else. */
export interface Waiter {
  /** Whether it takes no input before one of its calls ends. */
  readonly isFull: boolean
  /** For a stall report, in words: what keeps it from that. */
  readonly waitsFor?: string
}

/** What a stage waits for beside its inputs: calls of its asynchronous functions, and statements. */
export class CallWaits {
  readonly #waiters: Set<Waiter> = new Set()
  readonly #held: Set<Promise<void>> = new Set()
  #wake: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined

  get isEmpty(): boolean {
    return this.#waiters.size === 0
  }

  /** Whether more input would not help. */
  get isFull(): boolean {
    for (const { isFull } of this.#waiters) if (isFull) return true
    return false
  }

  /** For a stall report: what it is that takes no input, where it says so. */
  get waitsFor(): string | undefined {
    for (const { isFull, waitsFor } of this.#waiters) if (isFull && waitsFor !== undefined) return waitsFor
    return undefined
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter)
  }

  /** It waits for nothing any more. */
  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    this.notify()
  }

  /** The worker does not go before this has settled. */
  hold(work: Promise<unknown>): void {
    const held = work.then(
      () => {},
      () => {},
    )
    this.#held.add(held)
    void held.then(() => this.#held.delete(held))
  }

  /** Resolves when nothing is held. */
  async idle(): Promise<void> {
    while (this.#held.size > 0) await Promise.all(this.#held)
  }

  /** A call has ended. */
  notify(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.resolve()
  }

  /** Resolves when a call ends next. */
  changed(): Promise<void> {
    if (this.#wake === undefined) {
      let resolve = (): void => {}
      const promise = new Promise<void>((done) => {
        resolve = done
      })
      this.#wake = { promise, resolve }
    }
    return this.#wake.promise
  }
}
