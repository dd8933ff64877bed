import type { Split } from './split.js'

/** Splits, asked for one ahead: the next one is on its way while one is worked on. */
export class SplitAhead {
  readonly #nextSplit: () => Promise<Split | undefined>
  #ahead: Promise<Split | undefined> | undefined

  constructor(nextSplit: () => Promise<Split | undefined>) {
    this.#nextSplit = nextSplit
  }

  async take(): Promise<Split | undefined> {
    const split = await (this.#ahead ?? this.#nextSplit())
    if (split !== undefined) {
      this.#ahead = this.#nextSplit()
      // Told to whoever takes it.
      this.#ahead.catch(() => {})
    }
    return split
  }
}
