import type { MillraceError } from '../base/errors.js'
import { tooManyErrors } from './operators/skipped-rows.js'
import { type FunctionOperatorPlan, isFunctionOperator, type Plan } from './plan.js'
import { skipKey, type WorkerProgress } from './query-events.js'
import type { RunStats } from './run-options.js'

type Totals = Omit<RunStats, 'workers' | 'rowsOut' | 'elapsedMs'>

/** How far the workers of a run are, as they told last. */
export class RunProgress {
  readonly #workers = new Map<number, WorkerProgress>()
  /** The functions that may fail so and so often, by `skipKey`. */
  readonly #limited = new Map<string, FunctionOperatorPlan & { readonly maxErrors: number }>()

  constructor(plan: Plan) {
    for (const { id, operators } of plan.stages) {
      for (const [index, operator] of operators.entries()) {
        if (!isFunctionOperator(operator) || operator.maxErrors === undefined) continue
        this.#limited.set(skipKey(id, index), { ...operator, maxErrors: operator.maxErrors })
      }
    }
  }

  set(worker: number, progress: WorkerProgress): void {
    this.#workers.set(worker, progress)
  }

  /** `TooManyErrors` where a function failed for more rows, of all workers, than it may. */
  excess(): MillraceError | undefined {
    for (const [key, { fn, maxErrors }] of this.#limited) {
      let count = 0
      for (const { skipped } of this.#workers.values()) count += skipped[key] ?? 0
      if (count > maxErrors) return tooManyErrors(fn.name, maxErrors)
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
