import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, closeUnwanted, END, PAUSE } from './cursor.js'
import { keepRow } from './keep.js'
import type { SizeMeter } from './size-meter.js'

export interface TopKPlace {
  readonly meter: SizeMeter
  readonly slice: Slice
  /** The same by sorting, for what exceeds the budget; undefined: that is an error. */
  readonly sort: ((input: Cursor<Row>) => Cursor<Row>) | undefined
}

/** Rows that were taken already, and then their input. */
class HeldRows implements Cursor<Row> {
  #held: Row[]
  readonly #input: Cursor<Row>

  constructor(held: Row[], input: Cursor<Row>) {
    this.#held = held
    this.#input = input
  }

  next(): Row | typeof END | typeof PAUSE {
    return this.#held.pop() ?? this.#input.next()
  }

  close(): void {
    this.#held = []
    this.#input.close()
  }
}

/**
 * Keeps the first `rows` rows of the order in a heap whose root is the last of them; hands them out in order. Where so many have no room
 * it becomes a sort, which has the disk.
 */
export class TopKCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #compare: (a: Row, b: Row) => number
  readonly #rows: number
  readonly #meter: SizeMeter
  readonly #slice: Slice
  readonly #sort: ((input: Cursor<Row>) => Cursor<Row>) | undefined
  /** What goes on in place of the heap. */
  #instead: Cursor<Row> | undefined
  #phase: 'fill' | 'order' | 'emit' = 'fill'
  #heap: Row[] = []
  /** The rows taken off the heap, last first. */
  #ordered: Row[] = []

  constructor(input: Cursor<Row>, order: { compare: (a: Row, b: Row) => number; rows: number }, place: TopKPlace) {
    this.#input = input
    this.#compare = order.compare
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
    this.#heap = []
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
      while (this.#heap.length > 0) {
        this.#ordered.push(this.#popLast())
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
    const heap = this.#heap
    if (heap.length < this.#rows) {
      this.#meter.add(row)
      this.#rise(heap.push(row) - 1, keepRow(row))
      if (this.#meter.isOver) this.#full()
    } else if (this.#compare(row, heap[0]) < 0) {
      this.#sink(keepRow(row))
    }
  }

  #full(): void {
    if (this.#sort === undefined) throw this.#meter.exceeded()
    this.#instead = this.#sort(new HeldRows(this.#heap, this.#input))
    this.#heap = []
  }

  #popLast(): Row {
    const root = this.#heap[0]
    const last = this.#heap.pop() as Row
    if (this.#heap.length > 0) this.#sink(last)
    return root
  }

  #rise(from: number, row: Row): void {
    const heap = this.#heap
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#compare(row, heap[parent]) <= 0) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = row
  }

  /** Puts a row in the place of the root. */
  #sink(row: Row): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#compare(heap[child + 1], heap[child]) > 0) child++
      if (this.#compare(heap[child], row) <= 0) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = row
  }
}
