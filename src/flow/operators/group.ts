import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import type { GroupTable } from './group-table.js'
import { budgetError } from './size-meter.js'

/** Takes rows into a table until the input ends or the table is full, then hands out its groups. */
abstract class GroupCursor implements Cursor<Row> {
  protected readonly table: GroupTable
  readonly #input: Cursor<Row>
  readonly #slice: Slice
  readonly #budgetBytes: number
  #phase: 'fill' | 'emit' | 'ended' = 'fill'
  /** The input has ended: after these groups there are no more. */
  #last = false
  #at = 0

  constructor(input: Cursor<Row>, table: GroupTable, budgetBytes: number, slice: Slice) {
    this.#input = input
    this.table = table
    this.#budgetBytes = budgetBytes
    this.#slice = slice
  }

  protected abstract take(row: Row): void
  protected abstract give(group: number): Row
  /** The table is over its budget: returns to have the groups handed out now, or throws. */
  protected abstract full(budgetBytes: number): void

  next(): Row | typeof END | typeof PAUSE {
    for (;;) {
      if (this.#phase === 'ended') return END
      if (this.#phase === 'fill') {
        if (!this.#filled()) return PAUSE
        this.#phase = 'emit'
      }
      if (this.#at < this.table.size) return this.give(this.#at++)
      this.#reset()
    }
  }

  close(): void {
    this.#last = true
    this.#reset()
    this.#input.close()
  }

  #filled(): boolean {
    let groups = this.table.size
    for (;;) {
      const row = this.#input.next()
      if (row === PAUSE) return false
      if (row === END) {
        this.table.settle()
        this.#last = true
        return true
      }
      this.take(row)
      if (this.table.size !== groups && this.table.bytes > this.#budgetBytes) {
        this.full(this.#budgetBytes)
        return true
      }
      groups = this.table.size
      if (this.#slice.over()) return false
    }
  }

  #reset(): void {
    this.table.clear()
    this.#at = 0
    this.#phase = this.#last ? 'ended' : 'fill'
  }
}

/** The half before the exchange: when its table is full it sends what it has and begins anew, so it never fails. */
export class GroupPartialCursor extends GroupCursor {
  protected take(row: Row): void {
    this.table.add(row)
  }

  protected give(group: number): Row {
    return this.table.partialRow(group)
  }

  protected full(): void {}
}

/** The half behind the exchange: merges what the partial halves sent. */
export class GroupFinalCursor extends GroupCursor {
  readonly #where: string

  constructor(input: Cursor<Row>, table: GroupTable, budget: { where: string; bytes: number }, slice: Slice) {
    super(input, table, budget.bytes, slice)
    this.#where = budget.where
  }

  protected take(row: Row): void {
    this.table.merge(row)
  }

  protected give(group: number): Row {
    return this.table.finalRow(group)
  }

  protected full(budgetBytes: number): void {
    throw budgetError(this.#where, this.table.bytes, budgetBytes)
  }
}
