import type { Row } from '../../columnar/schema.js'

interface Run {
  readonly rows: readonly Row[]
  /** Its place among the runs: equal rows come in the order of runs, which keeps the merge stable. */
  readonly index: number
  at: number
}

/** Merges sorted runs, one row at a time, through a binary heap of the runs by their first row. */
export class RunMerge {
  readonly #heap: Run[]
  readonly #compare: (a: Row, b: Row) => number

  /** No run may be empty. */
  constructor(runs: readonly (readonly Row[])[], compare: (a: Row, b: Row) => number) {
    this.#compare = compare
    this.#heap = runs.map((rows, index) => ({ rows, index, at: 0 }))
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i)
  }

  /** The smallest row left, undefined if there is none. */
  pop(): Row | undefined {
    const heap = this.#heap
    if (heap.length === 0) return undefined
    const first = heap[0]
    const row = first.rows[first.at++]
    if (first.at === first.rows.length) {
      const last = heap.pop() as Run
      if (heap.length > 0) heap[0] = last
    }
    if (heap.length > 1) this.#sink(0)
    return row
  }

  #sink(from: number): void {
    const heap = this.#heap
    const run = heap[from]
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#before(heap[child + 1], heap[child])) child++
      if (!this.#before(heap[child], run)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = run
  }

  #before(a: Run, b: Run): boolean {
    const order = this.#compare(a.rows[a.at], b.rows[b.at])
    return order < 0 || (order === 0 && a.index < b.index)
  }
}
