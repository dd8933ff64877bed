import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import type { JoinKind } from '../plan.js'
import { type Cursor, closeUnwanted, END, PAUSE } from './cursor.js'
import type { JoinTable } from './join-table.js'
import type { SpilledPairs } from './spilled-pairs.js'

/** How often rows are spread before the rows of single keys are too many. */
const LEVELS_MAX = 6

/** Which rows a join is of, and how. */
export interface JoinSides {
  readonly kind: JoinKind
  readonly left: Cursor<Row>
  readonly right: Cursor<Row>
  /** Of the left rows. */
  readonly keys: readonly string[]
  /** Of the right rows. */
  readonly rightKeys: readonly string[]
}

const NO_ROWS: Cursor<Row> = { next: () => END, close: () => {} }

/**
 * Hash join: takes all right rows into a table, then finds those of each left row, which may come without end. Where the right rows have no
 * room, both sides go to disk, spread by the hash of their keys, and each pair of parts is joined by itself (Grace hash join: M. Kitsuregawa
 * et al. 1983, "Application of Hash to Data Base Machine and Its Architecture"). Of a semi or anti join, which needs keys only, what has room
 * is answered at once.
 */
export class JoinCursor implements Cursor<Row> {
  readonly #sides: JoinSides
  readonly #table: JoinTable
  readonly #pairs: SpilledPairs | undefined
  readonly #slice: Slice
  /** Whether right rows are wanted, not only their keys. */
  readonly #keepsRows: boolean
  /** What is joined now: the inputs, then pairs of parts. */
  #left: Cursor<Row>
  #right: Cursor<Row>
  #isBuilt = false
  #isClosed = false
  /** Rows go to disk. */
  #isSpilling = false
  /** Those in the table, too: it is being emptied. */
  #isEmptying = false
  /** The left row whose matches are handed out, and the next of them. */
  #row: Row | undefined
  #match = -1

  /** `pairs`: where rows go that have no room; undefined: they are an error. */
  constructor(sides: JoinSides, table: JoinTable, pairs: SpilledPairs | undefined, slice: Slice) {
    this.#sides = sides
    this.#table = table
    this.#pairs = pairs
    this.#slice = slice
    this.#keepsRows = sides.kind === 'inner' || sides.kind === 'left'
    this.#left = sides.left
    this.#right = sides.right
  }

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      if (this.#isClosed) return END
      if (!this.#isBuilt && !this.#built()) return PAUSE
      if (this.#match >= 0) return this.#nextMatch()
      const row = this.#left.next()
      if (row === PAUSE) return PAUSE
      if (row === END) this.#nextPair()
      else if (this.#takes(row)) {
        if (this.#match < 0) return this.#alone(row)
      } else if (this.#slice.over()) return PAUSE
    }
  }

  close(): void {
    this.#isClosed = true
    this.#row = undefined
    this.#table.clear()
    this.#pairs?.close()
    this.#sides.right.close()
    this.#sides.left.close()
  }

  #built(): boolean {
    while (!this.#isClosed) {
      if (!this.#emptied()) return false
      const row = this.#right.next()
      if (row === PAUSE) return false
      if (row === END) break
      this.#takeRight(row)
      if (this.#slice.over()) return false
    }
    this.#isBuilt = true
    const { kind } = this.#sides
    // No left row is needed where none can have a match.
    if (this.#table.isEmpty && !this.#isSpilling && (kind === 'inner' || kind === 'semi')) {
      closeUnwanted(this.#left)
      this.#left = NO_ROWS
    }
    return true
  }

  #takeRight(row: Row): void {
    if (!this.#isSpilling) {
      this.#table.add(row)
      if (this.#table.isOver) this.#full()
    } else if (this.#table.learn(row) && (this.#keepsRows || !this.#table.has(row))) this.#spillRight(row)
  }

  #full(): void {
    if (this.#pairs === undefined || this.#pairs.level === LEVELS_MAX) throw this.#table.exceeded()
    this.#isSpilling = true
    this.#isEmptying = this.#keepsRows
  }

  #emptied(): boolean {
    while (this.#isEmptying) {
      const row = this.#table.takeRow()
      if (row === undefined) {
        this.#isEmptying = false
        this.#table.clear()
      } else this.#spillRight(row)
      if (this.#slice.over()) return false
    }
    return true
  }

  #spillRight(row: Row): void {
    const { rightKeys } = this.#sides
    this.#pairs?.add('right', this.#keepsRows ? row : Object.fromEntries(rightKeys.map((key) => [key, row[key]])))
  }

  /** Whether anything comes of this left row now: its matches where `#match` is one, else one row. */
  #takes(row: Row): boolean {
    const { kind, keys } = this.#sides
    const number = this.#table.seek(row, keys)
    if (number < 0 && this.#isSpilling && this.#table.canMatch(row, keys)) {
      this.#pairs?.add('left', row)
      return false
    }
    if (kind === 'semi') return number >= 0
    if (number < 0) return kind !== 'inner'
    if (kind === 'anti') return false
    this.#row = row
    this.#match = this.#table.firstOf(number)
    return true
  }

  /** After the last left row: the next pair of parts, if there is one. */
  #nextPair(): void {
    this.#table.clear()
    const pair = this.#pairs?.take()
    if (pair === undefined) {
      this.#isClosed = true
      return
    }
    this.#left = pair.left ?? NO_ROWS
    this.#right = pair.left === undefined ? NO_ROWS : (pair.right ?? NO_ROWS)
    this.#isBuilt = this.#isSpilling = false
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
