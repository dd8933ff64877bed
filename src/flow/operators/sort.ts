import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import { type Cursor, END, PAUSE } from './cursor.js'
import { keepRow } from './keep.js'
import { RunMerge } from './run-merge.js'
import type { SizeMeter } from './size-meter.js'

/** Rows sorted in one go: about a millisecond, so that no sort holds up the worker. */
const RUN_ROWS = 2048

/** Keeps all rows: sorts them in short runs as they come and merges the runs as they are asked for. */
export class SortCursor implements Cursor<Row> {
  readonly #input: Cursor<Row>
  readonly #compare: (a: Row, b: Row) => number
  readonly #meter: SizeMeter
  readonly #slice: Slice
  #runs: Row[][] = []
  #run: Row[] = []
  #merge: RunMerge<Row> | undefined

  constructor(input: Cursor<Row>, compare: (a: Row, b: Row) => number, meter: SizeMeter, slice: Slice) {
    this.#input = input
    this.#compare = compare
    this.#meter = meter
    this.#slice = slice
  }

  next(): Row | typeof END | typeof PAUSE {
    if (this.#merge === undefined) {
      if (!this.#filled()) return PAUSE
      this.#merge = new RunMerge(this.#runs, this.#compare)
    }
    return this.#merge.pop() ?? END
  }

  close(): void {
    this.#runs = []
    this.#run = []
    this.#merge = new RunMerge([], this.#compare)
    this.#input.close()
  }

  /** Takes in rows: true once there are no more. */
  #filled(): boolean {
    for (;;) {
      const row = this.#input.next()
      if (row === PAUSE) return false
      if (row === END) {
        this.#endRun()
        return true
      }
      this.#meter.add(row)
      this.#run.push(keepRow(row))
      if (this.#run.length === RUN_ROWS) this.#endRun()
      if (this.#slice.over()) return false
    }
  }

  #endRun(): void {
    if (this.#run.length > 0) this.#runs.push(this.#run.sort(this.#compare))
    this.#run = []
  }
}
