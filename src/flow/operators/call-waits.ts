/** An operator whose calls go on while its stage does something else. */
export interface Waiter {
  /** Whether it takes no input before one of its calls ends. */
  readonly isFull: boolean
}

/** What a stage waits for beside its inputs: calls of its asynchronous functions. */
export class CallWaits {
  readonly #waiters: Waiter[] = []
  #wake: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined

  get isEmpty(): boolean {
    return this.#waiters.length === 0
  }

  /** Whether more input would not help. */
  get isFull(): boolean {
    return this.#waiters.some(({ isFull }) => isFull)
  }

  add(waiter: Waiter): void {
    this.#waiters.push(waiter)
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
