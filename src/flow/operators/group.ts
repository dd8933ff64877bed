import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import type { GroupTable } from './group-table.js'
import { budgetError } from './size-meter.js'
import type { SpilledParts } from './spilled-parts.js'

/** How often the rows of a part are spread again where its groups grow: what is too much then are the values of single groups. */
const LEVELS_MAX = 6

/** Takes rows into a table until the input ends or the table is full, then hands out its groups. */
abstract class GroupCursor implements Cursor<Row> {
  protected readonly table: GroupTable
  readonly #input: Cursor<Row>
  /** What is read now: the input, and then what `more` gives. */
  #source: Cursor<Row>
  readonly #slice: Slice
  readonly #budgetBytes: number
  #phase: 'fill' | 'emit' | 'ended' = 'fill'
  /** The input has ended: after these groups there are no more. */
  #last = false
  #at = 0

  constructor(input: Cursor<Row>, table: GroupTable, budgetBytes: number, slice: Slice) {
    this.#input = input
    this.#source = input
    this.table = table
    this.#budgetBytes = budgetBytes
    this.#slice = slice
  }

  protected abstract take(row: Row): void
  protected abstract give(group: number): Row
  /** The table is over its budget. True: the groups are to be handed out now. It may throw. */
  protected abstract full(budgetBytes: number): boolean

  /** Whether there is room for more rows; false: the slice was over before there was. */
  protected relieved(_slice: Slice): boolean {
    return true
  }

  /** Whether the table has all rows of its groups, at the end of the input; false: it is to be relieved first. */
  protected isWhole(): boolean {
    return true
  }

  /** What is to be grouped after the groups of the input were handed out. */
  protected more(): Cursor<Row> | undefined {
    return undefined
  }

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
    this.#phase = 'ended'
    this.#clear()
    this.#input.close()
  }

  #filled(): boolean {
    let groups = this.table.size
    for (;;) {
      if (!this.relieved(this.#slice)) return false
      const row = this.#source.next()
      if (row === PAUSE) return false
      if (row === END) {
        this.table.settle()
        if (this.table.isGrowing && this.table.bytes > this.#budgetBytes) this.full(this.#budgetBytes)
        if (!this.isWhole()) continue
        this.#last = true
        return true
      }
      this.take(row)
      if ((this.table.size !== groups || this.table.isGrowing) && this.table.bytes > this.#budgetBytes) {
        if (this.full(this.#budgetBytes)) return true
      }
      groups = this.table.size
      if (this.#slice.over()) return false
    }
  }

  /** All groups were handed out. */
  #reset(): void {
    this.#clear()
    const next = this.#last ? this.more() : this.#source
    this.#phase = next === undefined ? 'ended' : 'fill'
    this.#source = next ?? this.#source
    this.#last = false
  }

  #clear(): void {
    this.table.clear()
    this.#at = 0
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

  protected full(): boolean {
    return true
  }
}

/**
 * The half behind the exchange: merges what the partial halves sent. When its table is full, rows of groups that are in it are merged
 * still; the others go to disk, in parts by their keys' hash, and each part is grouped by itself afterwards (hybrid hash: D. DeWitt et
 * al. 1984, "Implementation Techniques for Main Memory Database Systems"). So each group is merged in the order in which its rows came.
 * Where groups grow with their values, the groups go to disk instead, each as one row, and the table begins anew.
 */
export class GroupFinalCursor extends GroupCursor {
  readonly #where: string
  readonly #parts: SpilledParts | undefined
  /** The next group to go to disk, while all do. */
  #relieving: number | undefined
  /** Some did since this input, or part of it, began. */
  #hasRelieved = false

  /** `parts`: where rows go that exceed the budget; undefined: they are an error. */
  constructor(
    input: Cursor<Row>,
    table: GroupTable,
    budget: { where: string; bytes: number; parts: SpilledParts | undefined },
    slice: Slice,
  ) {
    super(input, table, budget.parts?.keptBytes ?? budget.bytes, slice)
    this.#where = budget.where
    this.#parts = budget.parts
  }

  override close(): void {
    this.#parts?.close()
    super.close()
  }

  protected take(row: Row): void {
    this.table.merge(row)
  }

  protected give(group: number): Row {
    return this.table.finalRow(group)
  }

  protected full(budgetBytes: number): boolean {
    const parts = this.#parts
    const { table } = this
    if (parts === undefined || (table.isGrowing && parts.level === LEVELS_MAX)) throw budgetError(this.#where, table.bytes, budgetBytes)
    if (table.isGrowing) {
      table.settle()
      this.#hasRelieved = true
      this.#relieving = 0
    } else table.freeze((row) => parts.add(row))
    return false
  }

  protected override isWhole(): boolean {
    if (!this.#hasRelieved) return true
    this.#hasRelieved = this.table.size > 0
    this.#relieving = 0
    return !this.#hasRelieved
  }

  protected override relieved(slice: Slice): boolean {
    const { table } = this
    while (this.#relieving !== undefined) {
      if (this.#relieving === table.size) {
        table.clear()
        this.#relieving = undefined
      } else {
        this.#parts?.add(table.partialRow(this.#relieving++))
        if (slice.over()) return false
      }
    }
    return true
  }

  protected override more(): Cursor<Row> | undefined {
    return this.#parts?.take()
  }
}
