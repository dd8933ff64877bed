import type { Row } from '../../columnar/schema.js'
import type { SourceLocation } from '../ctx.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { keepRow } from './keep.js'
import type { SizeMeter } from './size-meter.js'

/** Rows that say where they come from: a source. */
export interface LocatedRows extends Cursor<Row> {
  readonly current: SourceLocation | undefined
  readonly splitId: string | undefined
}

interface Kept {
  readonly row: Row
  readonly source: SourceLocation | undefined
}

/** The rows of a source, split by split: each ends by itself, and can be gone over again until the next one begins. */
export class SplitRows implements LocatedRows {
  readonly #source: LocatedRows
  readonly #meter: SizeMeter
  /** Of the split at hand. */
  #kept: Kept[] = []
  #at = 0
  #split: string | undefined
  /** The first row of the next split. */
  #held: Row | undefined
  #isOver = false
  #failure: { readonly error: unknown } | undefined

  /** `meter` counts what is kept. */
  constructor(source: LocatedRows, meter: SizeMeter) {
    this.#source = source
    this.#meter = meter
  }

  get current(): SourceLocation | undefined {
    return this.#kept[this.#at - 1]?.source
  }

  get splitId(): string | undefined {
    return this.#split
  }

  /** Whether what was thrown came from the source, or of what is kept of it: to go over it again would not help. */
  hasThrown(error: unknown): boolean {
    return this.#failure?.error === error
  }

  next(): Row | typeof END | typeof PAUSE {
    const kept = this.#kept[this.#at]
    if (kept !== undefined) {
      this.#at++
      return copied(kept.row)
    }
    if (this.#held !== undefined || this.#isOver) return END
    try {
      return this.#read()
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
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) this.#keep(held)
    return held !== undefined || !this.#isOver
  }

  close(): void {
    this.#isOver = true
    this.#kept = []
    this.#held = undefined
    this.#source.close()
  }

  #read(): Row | typeof END | typeof PAUSE {
    const row = this.#source.next()
    if (row === PAUSE) return PAUSE
    if (row === END) {
      this.#isOver = true
      return END
    }
    if (this.#kept.length > 0 && this.#source.splitId !== this.#split) {
      this.#held = row
      return END
    }
    this.#keep(row)
    this.#at++
    return row
  }

  #keep(row: Row): void {
    this.#split = this.#source.splitId
    this.#kept.push({ row: keepRow(copied(row)), source: this.#source.current })
    this.#meter.add(row)
    if (this.#meter.isOver) throw this.#meter.exceeded()
  }
}

/** A row of a file, of which a function may change whatever it likes. */
function copied(row: Row): Row {
  const copy: Row = { ...row }
  for (const name in copy) if (typeof copy[name] === 'object' && copy[name] !== null) copy[name] = structuredClone(copy[name])
  return copy
}
