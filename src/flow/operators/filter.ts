import { MillraceError } from '../../base/errors.js'
import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { callError, isPromiseLike, leaveOut, type StageCall } from './stage-call.js'

export class FilterCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #call: StageCall
  readonly #fn: (row: Row, ctx: unknown) => unknown
  readonly #slice: Slice

  constructor(input: Cursor<Row>, call: StageCall, slice: Slice) {
    this.#input = input
    this.#call = call
    this.#fn = call.fn as (row: Row, ctx: unknown) => unknown
    this.#slice = slice
  }

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      const row = this.#input.next()
      if (row === PAUSE || row === END) return row
      if (this.#keeps(row)) return row
      if (this.#slice.over()) return PAUSE
    }
  }

  close(): void {
    this.#input.close()
  }

  #keeps(row: Row): boolean {
    const fn = this.#fn
    let kept: unknown
    try {
      kept = fn(row, this.#call.ctx)
    } catch (error) {
      leaveOut(this.#call, error, row)
      return false
    }
    if (typeof kept === 'boolean') return kept
    if (!isPromiseLike(kept)) return Boolean(kept)
    const { stage } = this.#call
    throw callError(
      this.#call,
      new MillraceError('StageAsync', `stage "${stage}" returned a promise, which is always true: stage functions are synchronous`),
    )
  }
}
