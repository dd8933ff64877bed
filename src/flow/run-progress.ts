import type { MillraceError } from '../base/errors.js'
import { tooManyErrors } from './operators/skipped-rows.js'
import { failingOf, type Plan } from './plan.js'
import { skipKey, type WorkerProgress } from './query-events.js'
import type { RunStats } from './run.js'

type Totals = Omit<RunStats, 'workers' | 'rowsOut' | 'elapsedMs'>

/** How far the workers of a run are, as they told last. */
export class RunProgress {
  readonly #workers = new Map<number, WorkerProgress>()
  /** What may fail so and so often, by `skipKey`. */
  readonly #limited = new Map<string, { readonly name: string; readonly maxErrors: number }>()

  constructor(plan: Plan) {
    for (const stage of plan.stages) {
      for (const { place, name, failing } of failingOf(stage))
        if (failing.maxErrors !== undefined) this.#limited.set(skipKey(stage.id, place), { name, maxErrors: failing.maxErrors })
    }
  }

  set(worker: number, progress: WorkerProgress): void {
    this.#workers.set(worker, progress)
  }

  /** `TooManyErrors` where a function failed for more rows, of all workers, than it may. */
  excess(): MillraceError | undefined {
    for (const [key, { name, maxErrors }] of this.#limited) {
      let count = 0
      for (const { skipped } of this.#workers.values()) count += skipped[key] ?? 0
      if (count > maxErrors) return tooManyErrors(name, maxErrors)
    }
    return undefined
  }

  totals(): Totals {
    let rowsIn = 0
    let bytesIn = 0
    let splitsDone = 0
    let spilledBytes = 0
    let rowsSkipped = 0
    const sentBytes: Record<number, Readonly<Record<number, number>>> = {}
    for (const [worker, progress] of this.#workers) {
      rowsIn += progress.rowsIn
      bytesIn += progress.bytesIn
      splitsDone += progress.splitsDone
      spilledBytes += progress.spilledBytes
      for (const count of Object.values(progress.skipped)) rowsSkipped += count
      sentBytes[worker] = progress.sentBytes
    }
    return { rowsIn, bytesIn, splitsDone, rowsSkipped, spilledBytes, sentBytes }
  }
}
