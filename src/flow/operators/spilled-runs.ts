import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import type { Overflow } from './overflow.js'
import { RunMerge, type SortedRun } from './run-merge.js'
import type { SpilledRows } from './spilled-rows.js'

/** So many runs of one level become one of the next: bounds what is open and in memory when they are merged. */
const RUNS_MERGED = 32

interface Run {
  readonly rows: SpilledRows
  /** How often its rows were merged on disk. */
  readonly level: number
}

interface Copy {
  readonly from: RunMerge<Row>
  readonly sources: readonly SpilledRows[]
  readonly to: Run
}

/**
 * The runs of a sort that are on disk, oldest first. Writing one takes as long as it must, in turns of a slice (D. Knuth, The Art of
 * Computer Programming 3, 5.4: balanced merging of runs).
 */
export class SpilledRuns {
  readonly #overflow: Overflow
  readonly #compare: (a: Row, b: Row) => number
  readonly #slice: Slice
  #runs: Run[] = []
  #copy: Copy | undefined

  constructor(overflow: Overflow, compare: (a: Row, b: Row) => number, slice: Slice) {
    this.#overflow = overflow
    this.#compare = compare
    this.#slice = slice
  }

  /** How much a run should hold. */
  get keptBytes(): number {
    return this.#overflow.keptBytes
  }

  /** Begins to write runs in memory as one on disk: `written` does it. */
  write(runs: readonly SortedRun<Row>[]): void {
    this.#begin(runs, [], 0)
  }

  /** Writes for a slice. True: nothing is left to be written. Throws what `SpilledRows` throws. */
  written(): boolean {
    while (this.#copy !== undefined) {
      const { from, to } = this.#copy
      for (let row = from.pop(); row !== undefined; row = from.pop()) {
        to.rows.add(row)
        if (this.#slice.over()) return false
      }
      to.rows.end()
      this.#runs.push(to)
      this.#copy = undefined
      this.#mergeLevel(to.level)
    }
    return true
  }

  /** All rows in order, those of runs in memory too, which are newer. */
  merged(inMemory: readonly SortedRun<Row>[]): RunMerge<Row> {
    return new RunMerge([...this.#runs.map(({ rows }) => rows), ...inMemory], this.#compare)
  }

  close(): void {
    for (const { rows } of this.#runs) rows.close()
    this.#copy?.to.rows.close()
    for (const rows of this.#copy?.sources ?? []) rows.close()
    this.#runs = []
    this.#copy = undefined
  }

  #mergeLevel(level: number): void {
    const first = this.#runs.length - RUNS_MERGED
    if (first < 0 || this.#runs[first].level !== level) return
    const sources = this.#runs.splice(first).map(({ rows }) => rows)
    this.#begin(sources, sources, level + 1)
  }

  #begin(runs: readonly SortedRun<Row>[], sources: readonly SpilledRows[], level: number): void {
    this.#copy = { from: new RunMerge(runs, this.#compare), sources, to: { rows: this.#overflow.open(), level } }
  }
}
