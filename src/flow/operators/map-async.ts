import { systemClock } from '../../base/clock.js'
import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import type { SourceLocation } from '../ctx.js'
import type { CallWaits, Waiter } from './call-waits.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { checkRow, leaveOut, type StageCall } from './stage-call.js'

/** A call under way, or what came of it. */
interface Call {
  /** Kept only where it may be written. */
  readonly row: Row | undefined
  readonly source: SourceLocation | undefined
  outcome: { readonly value: unknown } | { readonly error: unknown } | undefined
}

/** Calls an asynchronous function for so many rows at once, and gives what they resolve to in the order of the rows. */
export class MapAsyncCursor implements Cursor<Row>, Waiter {
  readonly #input: Cursor<Row>
  readonly #call: StageCall
  readonly #concurrency: number
  readonly #waits: CallWaits
  readonly #slice: Slice
  /** In the order of their rows. */
  #calls: Call[] = []
  #hasEnded = false

  constructor(input: Cursor<Row>, call: StageCall, how: { readonly concurrency: number; readonly waits: CallWaits }, slice: Slice) {
    this.#input = input
    this.#call = call
    this.#concurrency = how.concurrency
    this.#waits = how.waits
    this.#slice = slice
    this.#waits.add(this)
  }

  get isFull(): boolean {
    const [first] = this.#calls
    return first !== undefined && first.outcome === undefined && (this.#hasEnded || this.#calls.length >= this.#concurrency)
  }

  next(): Row | typeof END | typeof PAUSE {
    this.#fill()
    while (this.#calls[0]?.outcome !== undefined) {
      const row = this.#rowOf(this.#calls.shift() as Call)
      if (row !== undefined) return row
      this.#fill()
    }
    return this.#hasEnded && this.#calls.length === 0 ? END : PAUSE
  }

  close(): void {
    this.#hasEnded = true
    this.#calls = []
    this.#waits.remove(this)
    this.#input.close()
  }

  /** Begins calls until enough are under way, the input pauses, or the slice is over. */
  #fill(): void {
    while (!this.#hasEnded && this.#calls.length < this.#concurrency) {
      const row = this.#input.next()
      if (row === PAUSE) return
      if (row === END) this.#hasEnded = true
      else this.#begin(row)
      if (this.#slice.over()) return
    }
  }

  #begin(row: Row): void {
    const ctx = this.#call.ctx.ofThisRow()
    const call: Call = { row: this.#call.skips && row, source: ctx.source, outcome: undefined }
    this.#calls.push(call)
    const settled = (outcome: Call['outcome']): void => {
      call.outcome ??= outcome
      this.#waits.notify()
    }
    try {
      const result = this.#call.fn(row, ctx) as unknown
      const expire = this.#expiring(() => settled({ error: this.#call.deadline?.error() }))
      Promise.resolve(result).then(
        (value) => {
          expire()
          settled({ value })
        },
        (error) => {
          expire()
          settled({ error })
        },
      )
    } catch (error) {
      call.outcome = { error }
    }
  }

  #expiring(expired: () => void): () => void {
    const { deadline } = this.#call
    return deadline === undefined ? () => {} : systemClock.schedule(expired, deadline.timeoutMs)
  }

  #rowOf({ row, outcome, source }: Call): Row | undefined {
    if (outcome === undefined) return undefined
    if ('error' in outcome) {
      leaveOut(this.#call, outcome.error, row, source)
      return undefined
    }
    checkRow(this.#call, outcome.value)
    return outcome.value as Row
  }
}
