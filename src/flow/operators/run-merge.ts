interface Run<T> {
  readonly items: readonly T[]
  /** Its place among the runs: equal items come in the order of runs, which keeps the merge stable. */
  readonly index: number
  at: number
}

/** Merges sorted runs, one item at a time, through a binary heap of the runs by their first item. */
export class RunMerge<T> {
  readonly #heap: Run<T>[]
  readonly #compare: (a: T, b: T) => number

  /** No run may be empty. */
  constructor(runs: readonly (readonly T[])[], compare: (a: T, b: T) => number) {
    this.#compare = compare
    this.#heap = runs.map((items, index) => ({ items, index, at: 0 }))
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i)
  }

  /** The smallest item left, undefined if there is none. */
  pop(): T | undefined {
    const heap = this.#heap
    if (heap.length === 0) return undefined
    const first = heap[0]
    const item = first.items[first.at++]
    if (first.at === first.items.length) {
      const last = heap.pop() as Run<T>
      if (heap.length > 0) heap[0] = last
    }
    if (heap.length > 1) this.#sink(0)
    return item
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

  #before(a: Run<T>, b: Run<T>): boolean {
    const order = this.#compare(a.items[a.at], b.items[b.at])
    return order < 0 || (order === 0 && a.index < b.index)
  }
}
