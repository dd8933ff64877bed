import type { Row } from '../../columnar/schema.js'
import { type Cursor, closeUnwanted, END, PAUSE } from './cursor.js'
import type { SizeMeter } from './size-meter.js'
import type { SplitRows } from './split-rows.js'

export interface RetryOptions {
  /** How often a split is gone over again. */
  readonly retries: number
  /** The functions over some rows; each split has its own. */
  readonly open: (rows: Cursor<Row>) => Cursor<Row>
  /** Told of each attempt that failed but the last. */
  readonly failed: (error: unknown, attempt: number, split: string | undefined) => void
  /** All that came of a split has been handed on. */
  readonly ended: (split: string) => void
  /** Counts what came of a split in this attempt. */
  readonly meter: SizeMeter
}

/** Hands the rows of a split on when all of it went well, and goes over it again where a function threw. */
export class RetryCursor implements Cursor<Row> {
  readonly #rows: SplitRows
  readonly #options: RetryOptions
  #functions: Cursor<Row>
  /** What came of the split at hand. */
  #made: Row[] = []
  #given = 0
  #isWhole = false
  #attempt = 1
  #isClosed = false
  /** There is no split behind the one at hand. */
  #isOver = false

  constructor(rows: SplitRows, options: RetryOptions) {
    this.#rows = rows
    this.#options = options
    this.#functions = this.#opened()
  }

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      if (this.#isClosed) return END
      if (this.#isWhole) {
        if (this.#given < this.#made.length) return this.#made[this.#given++]
        if (!this.#advanced()) return END
        this.#begin()
      }
      const row = this.#attempted()
      if (row === PAUSE) return PAUSE
      if (row === END) {
        this.#isWhole = true
        // What is handed out now is of the split, not of its last row.
        this.#rows.rewind()
      } else if (row !== undefined) this.#keep(row)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#made = []
    try {
      this.#functions.close()
    } finally {
      this.#rows.close()
    }
  }

  #advanced(): boolean {
    const { splitId } = this.#rows
    if (splitId !== undefined && !this.#isOver) this.#options.ended(splitId)
    this.#isOver = !this.#rows.advance()
    return !this.#isOver
  }

  #begin(): void {
    closeUnwanted(this.#functions)
    this.#options.meter.clear()
    this.#made = []
    this.#given = 0
    this.#isWhole = false
    this.#attempt = 1
    this.#functions = this.#opened()
  }

  #opened(): Cursor<Row> {
    return this.#options.open({ next: () => this.#rows.next(), close: () => {} })
  }

  /** Undefined: it failed, and begins anew. */
  #attempted(): Row | typeof END | typeof PAUSE | undefined {
    try {
      return this.#functions.next()
    } catch (error) {
      if (this.#rows.hasThrown(error) || this.#attempt > this.#options.retries) throw error
      this.#options.failed(error, this.#attempt, this.#rows.splitId)
      const attempt = this.#attempt + 1
      this.#begin()
      this.#attempt = attempt
      this.#rows.rewind()
      return undefined
    }
  }

  #keep(row: Row): void {
    this.#made.push({ ...row })
    this.#options.meter.add(row)
    if (this.#options.meter.isOver) throw this.#options.meter.exceeded()
  }
}
