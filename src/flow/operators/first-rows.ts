import type { Row } from '../../columnar/schema.js'
import { keepRow } from './keep.js'

/** The first rows of an order, as many as are wanted, in a heap whose root is the last of them. */
export class FirstRows {
  readonly #compare: (a: Row, b: Row) => number
  readonly #rows: number
  #heap: Row[] = []

  constructor(compare: (a: Row, b: Row) => number, rows: number) {
    this.#compare = compare
    this.#rows = rows
  }

  get size(): number {
    return this.#heap.length
  }

  /** Takes a row if it is one of the first so far. True: there is one more than before. */
  offer(row: Row): boolean {
    const heap = this.#heap
    if (heap.length < this.#rows) {
      this.#rise(heap.push(row) - 1, keepRow(row))
      return true
    }
    if (heap.length > 0 && this.#compare(row, heap[0]) < 0) this.#sink(keepRow(row))
    return false
  }

  /** Takes the last one out. */
  popLast(): Row {
    const root = this.#heap[0]
    const last = this.#heap.pop() as Row
    if (this.#heap.length > 0) this.#sink(last)
    return root
  }

  /** Takes all out, in no order. */
  takeAll(): Row[] {
    const rows = this.#heap
    this.#heap = []
    return rows
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
