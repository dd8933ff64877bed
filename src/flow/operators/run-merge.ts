/** Items in order, of which one at a time is looked at. */
export interface SortedRun<T> {
  /** The next one, undefined behind the last. */
  readonly head: T | undefined
  /** Goes on to the one behind it. */
  step(): void
}

/** A sorted array as a run. */
export class ArrayRun<T> implements SortedRun<T> {
  head: T | undefined
  #at = 0
  readonly #items: readonly T[]

  constructor(items: readonly T[]) {
    this.#items = items
    this.head = items[0]
  }

  step(): void {
    this.head = this.#items[++this.#at]
  }
}

interface Entry<T> {
  readonly run: SortedRun<T>
  /** Its place among the runs: equal items come in the order of runs, which keeps the merge stable. */
  readonly index: number
}

/** Merges sorted runs, one item at a time, through a binary heap of the runs by their first item. */
export class RunMerge<T> {
  readonly #heap: Entry<T>[]
  readonly #compare: (a: T, b: T) => number

  constructor(runs: readonly SortedRun<T>[], compare: (a: T, b: T) => number) {
    this.#compare = compare
    this.#heap = runs.filter(({ head }) => head !== undefined).map((run, index) => ({ run, index }))
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i)
  }

  /** The smallest item left, undefined if there is none. */
  pop(): T | undefined {
    const heap = this.#heap
    if (heap.length === 0) return undefined
    const { run } = heap[0]
    const item = run.head
    run.step()
    if (run.head === undefined) {
      const last = heap.pop() as Entry<T>
      if (heap.length > 0) heap[0] = last
    }
    if (heap.length > 1) this.#sink(0)
    return item
  }

  #sink(from: number): void {
    const heap = this.#heap
    const entry = heap[from]
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#before(heap[child + 1], heap[child])) child++
      if (!this.#before(heap[child], entry)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = entry
  }

  #before(a: Entry<T>, b: Entry<T>): boolean {
    const order = this.#compare(a.run.head as T, b.run.head as T)
    return order < 0 || (order === 0 && a.index < b.index)
  }
}
