import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { keepRow } from './keep.js'
import { ArrayRun, RunMerge } from './run-merge.js'
import type { SizeMeter } from './size-meter.js'
import type { SpilledRuns } from './spilled-runs.js'

/** Rows sorted in one go: about a millisecond, so that no sort holds up the worker. */
const RUN_ROWS = 2048

export interface SortPlace {
  readonly meter: SizeMeter
  /** Where rows go that exceed the budget; undefined: they are an error. */
  readonly spilled: SpilledRuns | undefined
  readonly slice: Slice
}

/**
 * Keeps all rows: sorts them in short runs as they come and merges the runs as they are asked for. Each time the budget is full, the runs
 * so far become one on disk.
 */
export class SortCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #compare: (a: Row, b: Row) => number
  readonly #meter: SizeMeter
  readonly #spilled: SpilledRuns | undefined
  readonly #slice: Slice
  #runs: ArrayRun<Row>[] = []
  #run: Row[] = []
  #merge: RunMerge<Row> | undefined

  constructor(input: Cursor<Row>, compare: (a: Row, b: Row) => number, { meter, spilled, slice }: SortPlace) {
    this.#input = input
    this.#compare = compare
    this.#meter = meter
    this.#spilled = spilled
    this.#slice = slice
  }

  next(): Row | typeof END | typeof PAUSE {
    if (this.#merge === undefined) {
      if (!this.#filled()) return PAUSE
      this.#merge = this.#spilled?.merged(this.#runs) ?? new RunMerge(this.#runs, this.#compare)
    }
    return this.#merge.pop() ?? END
  }

  close(): void {
    this.#runs = []
    this.#run = []
    this.#merge = new RunMerge<Row>([], this.#compare)
    this.#spilled?.close()
    this.#input.close()
  }

  /** Takes in rows: true once there are no more, and nothing is left to be written. */
  #filled(): boolean {
    for (;;) {
      if (this.#spilled?.written() === false) return false
      const row = this.#input.next()
      if (row === PAUSE) return false
      if (row === END) {
        this.#endRun()
        return true
      }
      this.#meter.add(row)
      this.#run.push(keepRow(row))
      if (this.#run.length === RUN_ROWS) this.#endRun()
      if (this.#meter.isOver) this.#full()
      if (this.#slice.over()) return false
    }
  }

  #endRun(): void {
    if (this.#run.length > 0) this.#runs.push(new ArrayRun(this.#run.sort(this.#compare)))
    this.#run = []
  }

  #full(): void {
    if (this.#spilled === undefined) throw this.#meter.exceeded()
    if (this.#meter.bytes <= this.#spilled.keptBytes) return
    this.#endRun()
    this.#spilled.write(this.#runs)
    this.#runs = []
    this.#meter.clear()
  }
}
