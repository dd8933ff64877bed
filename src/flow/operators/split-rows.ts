import { copyRow } from '../../columnar/copy-row.js'
import type { Row } from '../../columnar/schema.js'
import type { SourceLocation } from '../ctx.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { keepRow } from './keep.js'
import type { SizeMeter } from './size-meter.js'
import type { SplitEnds } from './split-ends.js'

interface Kept {
  readonly row: Row
  readonly source: SourceLocation | undefined
}

/** The rows of a source, split by split, each of which can be gone over again until the next one begins. */
export class SplitRows implements Cursor<Row> {
  readonly #source: SplitEnds
  readonly #meter: SizeMeter
  /** Of the split at hand. */
  #kept: Kept[] = []
  #at = 0
  #failure: { readonly error: unknown } | undefined

  /** `meter` counts what is kept. */
  constructor(source: SplitEnds, meter: SizeMeter) {
    this.#source = source
    this.#meter = meter
  }

  get current(): SourceLocation | undefined {
    return this.#kept[this.#at - 1]?.source
  }

  get splitId(): string | undefined {
    return this.#source.splitId
  }

  /** Whether what was thrown came from the source, or of what is kept of it: to go over it again would not help. */
  hasThrown(error: unknown): boolean {
    return this.#failure?.error === error
  }

  next(): Row | typeof END | typeof PAUSE {
    const kept = this.#kept[this.#at]
    if (kept !== undefined) {
      this.#at++
      return copyRow(kept.row)
    }
    try {
      const row = this.#source.next()
      if (row !== PAUSE && row !== END) this.#keep(row)
      return row
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  /** Back to the first row of the split. */
  rewind(): void {
    this.#at = 0
  }

  /** Goes on to the next split; false: there is none. */
  advance(): boolean {
    this.#kept = []
    this.#meter.clear()
    this.#at = 0
    return this.#source.advance()
  }

  close(): void {
    this.#kept = []
    this.#source.close()
  }

  #keep(row: Row): void {
    this.#kept.push({ row: keepRow(copyRow(row)), source: this.#source.current })
    this.#at++
    this.#meter.add(row)
    if (this.#meter.isOver) throw this.#meter.exceeded()
  }
}
