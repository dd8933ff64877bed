import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import type { JoinKind } from '../plan.js'
import { type Cursor, closeUnwanted, END, PAUSE } from './cursor.js'
import type { JoinTable } from './join-table.js'

/** Which rows a join is of, and how. */
export interface JoinSides {
  readonly kind: JoinKind
  readonly left: Cursor<Row>
  readonly right: Cursor<Row>
  /** Of the left rows. */
  readonly keys: readonly string[]
}

/** Hash join: takes all right rows into a table, then finds those of each left row, which may come without end. */
export class JoinCursor implements Cursor<Row> {
  readonly #sides: JoinSides
  readonly #table: JoinTable
  readonly #slice: Slice
  #isBuilt = false
  #isClosed = false
  /** The left row whose matches are handed out, and the next of them. */
  #row: Row | undefined
  #match = -1

  constructor(sides: JoinSides, table: JoinTable, slice: Slice) {
    this.#sides = sides
    this.#table = table
    this.#slice = slice
  }

  next(): Row | typeof END | typeof PAUSE {
    if (!this.#isBuilt && !this.#built()) return PAUSE
    for (;;) {
      if (this.#isClosed) return END
      if (this.#match >= 0) return this.#nextMatch()
      const row = this.#sides.left.next()
      if (typeof row === 'symbol') return row
      if (this.#takes(row)) {
        if (this.#match < 0) return this.#alone(row)
      } else if (this.#slice.over()) return PAUSE
    }
  }

  close(): void {
    this.#isClosed = true
    this.#row = undefined
    this.#table.clear()
    this.#sides.right.close()
    this.#sides.left.close()
  }

  #built(): boolean {
    const { right, kind } = this.#sides
    while (!this.#isClosed) {
      const row = right.next()
      if (row === PAUSE) return false
      if (row === END) break
      this.#table.add(row)
      if (this.#slice.over()) return false
    }
    this.#isBuilt = true
    // No left row is needed where none can have a match.
    if (this.#table.isEmpty && (kind === 'inner' || kind === 'semi')) {
      this.#isClosed = true
      closeUnwanted(this.#sides.left)
    }
    return true
  }

  /** Whether anything comes of this left row: its matches where `#match` is one, else one row. */
  #takes(row: Row): boolean {
    const { kind, keys } = this.#sides
    const number = this.#table.seek(row, keys)
    if (kind === 'semi') return number >= 0
    if (number < 0) return kind !== 'inner'
    if (kind === 'anti') return false
    this.#row = row
    this.#match = this.#table.firstOf(number)
    return true
  }

  #alone(row: Row): Row {
    return this.#sides.kind === 'left' ? this.#table.joined(row, -1) : row
  }

  #nextMatch(): Row {
    const at = this.#match
    this.#match = this.#table.after(at)
    return this.#table.joined(this.#row as Row, at)
  }
}
