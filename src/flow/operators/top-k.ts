import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, closeUnwanted, END, PAUSE } from './cursor.js'
import { FirstRows } from './first-rows.js'
import { HeldRows } from './held-rows.js'
import type { SizeMeter } from './size-meter.js'

export interface TopKPlace {
  readonly meter: SizeMeter
  readonly slice: Slice
  /** The same by sorting, for what exceeds the budget; undefined: that is an error. */
  readonly sort: ((input: Cursor<Row>) => Cursor<Row>) | undefined
}

/**
 * Keeps the first `rows` rows of the order; hands them out in order. Where so many have no room
 * it becomes a sort, which has the disk.
 */
export class TopKCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #rows: number
  readonly #meter: SizeMeter
  readonly #slice: Slice
  readonly #sort: ((input: Cursor<Row>) => Cursor<Row>) | undefined
  /** What goes on in place of the heap. */
  #instead: Cursor<Row> | undefined
  #phase: 'fill' | 'order' | 'emit' = 'fill'
  readonly #first: FirstRows
  /** The rows taken off the heap, last first. */
  #ordered: Row[] = []

  constructor(input: Cursor<Row>, order: { compare: (a: Row, b: Row) => number; rows: number }, place: TopKPlace) {
    this.#input = input
    this.#first = new FirstRows(order.compare, order.rows)
    this.#rows = order.rows
    this.#meter = place.meter
    this.#slice = place.slice
    this.#sort = place.sort
  }

  next(): Row | typeof END | typeof PAUSE {
    return this.#instead === undefined ? this.#nextOfHeap() : this.#instead.next()
  }

  close(): void {
    this.#phase = 'emit'
    this.#first.takeAll()
    this.#ordered = []
    this.#instead?.close()
    this.#input.close()
  }

  #nextOfHeap(): Row | typeof END | typeof PAUSE {
    if (this.#phase === 'fill') {
      if (!this.#filled()) return PAUSE
      if (this.#instead !== undefined) return this.next()
      this.#phase = 'order'
    }
    if (this.#phase === 'order') {
      while (this.#first.size > 0) {
        this.#ordered.push(this.#first.popLast())
        if (this.#slice.over()) return PAUSE
      }
      this.#phase = 'emit'
    }
    return this.#ordered.pop() ?? END
  }

  #filled(): boolean {
    if (this.#rows === 0) {
      closeUnwanted(this.#input)
      return true
    }
    for (;;) {
      const row = this.#input.next()
      if (row === PAUSE) return false
      if (row === END) return true
      this.#offer(row)
      if (this.#instead !== undefined) return true
      if (this.#slice.over()) return false
    }
  }

  #offer(row: Row): void {
    if (!this.#first.offer(row)) return
    this.#meter.add(row)
    if (!this.#meter.isOver) return
    if (this.#sort === undefined) throw this.#meter.exceeded()
    this.#instead = this.#sort(new HeldRows(this.#first.takeAll(), this.#input))
  }
}
