import type { Row } from '../../columnar/schema.js'
import { type Cursor, END } from './cursor.js'
import { callError, checkRow, isPromiseLike, leaveOut, resultError, type StageCall } from './stage-call.js'

/** The rows of what a stage function gave, one at a time: a generator is never run ahead and may be endless. */
export class Items {
  readonly #call: StageCall
  #items: readonly unknown[] | undefined
  #at = 0
  #iterator: Iterator<unknown> | undefined
  /** What the function was given last. */
  #argument: unknown
  readonly #pull: () => IteratorResult<unknown>

  constructor(call: StageCall) {
    this.#call = call
    const pull = () => (this.#iterator as Iterator<unknown>).next()
    this.#pull = call.deadline === undefined ? pull : call.deadline.limit(pull)
  }

  /** Calls the function. What is left of the call before is dropped. */
  open(argument: unknown): void {
    const { fn, ctx } = this.#call
    this.#argument = argument
    let out: unknown
    try {
      out = fn(argument, ctx)
      if (Array.isArray(out)) {
        this.#items = out
        this.#at = 0
        return
      }
      const iterable = out as Iterable<unknown> | null | undefined
      if (typeof out === 'object' && typeof iterable?.[Symbol.iterator] === 'function') {
        this.#iterator = iterable[Symbol.iterator]()
        return
      }
    } catch (error) {
      leaveOut(this.#call, error, this.#argument)
      return
    }
    if (isPromiseLike(out)) checkRow(this.#call, out)
    throw resultError(this.#call, out, 'an array, a generator or another iterable of rows')
  }

  /** The next row of the call at hand, END if there is none. */
  next(): Row | typeof END {
    if (this.#items !== undefined) {
      if (this.#at < this.#items.length) return this.#checked(this.#items[this.#at++])
      this.#items = undefined
    } else if (this.#iterator !== undefined) {
      const step = this.#step()
      if (step !== undefined && !step.done) return this.#checked(step.value)
      this.#iterator = undefined
    }
    return END
  }

  /** Lets a live generator run its `finally` blocks, then closes the input, whatever they throw: that is thrown then. */
  close(input: Cursor<unknown>): void {
    const iterator = this.#iterator
    this.#iterator = this.#items = this.#argument = undefined
    try {
      iterator?.return?.()
    } catch (error) {
      throw callError(this.#call, error)
    } finally {
      input.close()
    }
  }

  #checked(item: unknown): Row {
    checkRow(this.#call, item)
    return item as Row
  }

  #step(): IteratorResult<unknown> | undefined {
    try {
      return this.#pull()
    } catch (error) {
      this.#iterator = undefined
      leaveOut(this.#call, error, this.#argument)
      return undefined
    }
  }
}
