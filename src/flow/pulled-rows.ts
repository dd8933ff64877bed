import type { Row } from '../columnar/schema.js'
import type { RowsInput } from './inputs.js'

type Step = IteratorResult<unknown>

/** The rows of an iterable, pulled one by one, that can be left at any time. */
export class PulledRows {
  readonly #rows: RowsInput
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined
  #isOver = false
  #leaving: Promise<void> | undefined
  /** Ends the wait for a row. */
  #stopWaiting: (() => void) | undefined

  constructor(rows: RowsInput) {
    this.#rows = rows
  }

  /** Whether a row was asked for and has not come. */
  get isWaiting(): boolean {
    return this.#stopWaiting !== undefined
  }

  /** The next row, at once where the iterable has it; undefined at the end, or when it was left. Throws what the iterable throws. */
  next(): Row | undefined | Promise<Row | undefined> {
    if (this.#isOver || this.#leaving !== undefined) return undefined
    try {
      this.#iterator ??= iteratorOf(this.#rows)
      const step = this.#iterator.next()
      return 'then' in step ? this.#wait(step) : this.#taken(step)
    } catch (error) {
      this.#isOver = true
      throw error
    }
  }

  /**
   * No more rows are wanted: tells the iterable, and resolves when it has done what it does then; what it throws then has no one to go to.
   * One that is asked for a row at the moment may take as long as it likes and is not waited for.
   */
  leave(): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    this.#leaving ??= this.#tell().catch(() => {})
    const { isWaiting } = this
    this.#stopWaiting?.()
    return isWaiting ? Promise.resolve() : this.#leaving
  }

  /** A stream that waits for something hears of no `return`. */
  async #tell(): Promise<void> {
    const { destroy } = this.#rows as { destroy?: unknown }
    if (typeof destroy === 'function') destroy.call(this.#rows)
    else await (this.#iterator ?? iteratorOf(this.#rows)).return?.()
  }

  #wait(step: Promise<Step>): Promise<Row | undefined> {
    return new Promise((resolve, reject) => {
      this.#stopWaiting = () => resolve(undefined)
      step.then(
        (result) => {
          this.#stopWaiting = undefined
          resolve(this.#taken(result))
        },
        (error) => {
          this.#stopWaiting = undefined
          this.#isOver = true
          reject(error)
        },
      )
    })
  }

  #taken(step: Step): Row | undefined {
    // What is no row at all is refused like any other value that is none.
    if (!step.done) return (step.value ?? null) as Row
    this.#isOver = true
    return undefined
  }
}

function iteratorOf(rows: RowsInput): Iterator<unknown> | AsyncIterator<unknown> {
  return Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]()
}
