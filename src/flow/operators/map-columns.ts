import type { Slice } from '../../base/slice.js'
import { Block, type Values } from '../../columnar/block.js'
import type { Row } from '../../columnar/schema.js'
import { ColumnViews } from './column-views.js'
import { type BlockCursor, type Cursor, END, isBlockCursor, PAUSE } from './cursor.js'
import { checkRow, leaveOut, resultError, type StageCall } from './stage-call.js'

/** Calls the function with the columns of some rows, and gives the rows of the columns that it returns. */
export class MapColumnsCursor implements BlockCursor {
  readonly #input: Cursor<Row>
  readonly #call: StageCall
  readonly #rows: number
  readonly #slice: Slice
  readonly #views = new ColumnViews()
  /** Rows that came one by one, for the next call. */
  #gathered: Row[] = []
  /** What the last call gave, and how many rows of it are taken. */
  #block: Block | undefined
  #at = 0

  constructor(input: Cursor<Row>, call: StageCall, rows: number, slice: Slice) {
    this.#input = input
    this.#call = call
    this.#rows = rows
    this.#slice = slice
  }

  next(): Row | typeof END | typeof PAUSE {
    const block = this.#filled()
    return typeof block === 'symbol' ? block : block.row(this.#at++)
  }

  nextBlock(rowsMax: number): Block | typeof END | typeof PAUSE {
    const block = this.#filled()
    if (typeof block === 'symbol') return block
    const from = this.#at
    this.#at = Math.min(block.rows, from + rowsMax)
    return block.part(from, this.#at)
  }

  close(): void {
    this.#gathered = []
    this.#block = undefined
    this.#input.close()
  }

  /** A block that has rows left. */
  #filled(): Block | typeof END | typeof PAUSE {
    for (;;) {
      if (this.#block !== undefined && this.#at < this.#block.rows) return this.#block
      this.#block = undefined
      const given = this.#given()
      if (typeof given === 'symbol') return given
      this.#block = this.#called(given)
      this.#at = 0
      if (this.#slice.over()) return PAUSE
    }
  }

  /** The rows of the next call: as columns where they come so. */
  #given(): Block | typeof END | typeof PAUSE {
    const input = this.#input
    if (isBlockCursor(input)) return input.nextBlock(this.#rows)
    for (;;) {
      const row = input.next()
      if (row === PAUSE || (row === END && this.#gathered.length === 0)) return row
      if (row !== END) this.#gathered.push(row)
      if (row === END || this.#gathered.length === this.#rows) {
        const block = Block.ofRows(this.#gathered)
        this.#gathered = []
        return block
      }
      if (this.#slice.over()) return PAUSE
    }
  }

  #called(given: Block): Block | undefined {
    const { fn, ctx } = this.#call
    let out: unknown
    try {
      out = fn(this.#views.of(given), ctx)
    } catch (error) {
      leaveOut(this.#call, error, undefined)
      return undefined
    }
    return this.#checked(out)
  }

  #checked(out: unknown): Block {
    checkRow(this.#call, out)
    const columns = Object.entries(out as Record<string, unknown>)
    const rows = columns.length === 0 ? 0 : (columns[0][1] as Values | undefined)?.length
    for (const [, values] of columns) {
      if (!isColumn(values) || values.length !== rows)
        throw resultError(this.#call, out, 'columns: an array or typed array for each, all of one length')
    }
    return new Block(
      rows as number,
      columns.map(([name]) => name),
      (column) => columns[column][1] as Values,
    )
  }
}

function isColumn(values: unknown): values is Values {
  return Array.isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView))
}
