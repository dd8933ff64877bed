import { Slice } from '../../src/base/slice.js'
import type { Row } from '../../src/columnar/schema.js'
import type { Spill } from '../../src/exchange/spill.js'
import { CallWaits } from '../../src/flow/operators/call-waits.js'
import { type Cursor, END, PAUSE } from '../../src/flow/operators/cursor.js'
import { buildPipeline } from '../../src/flow/operators/pipeline.js'
import type { SkippedRows } from '../../src/flow/operators/skipped-rows.js'
import type { StageEnvironment } from '../../src/flow/operators/stage-call.js'
import type { FunctionOperatorPlan, OperatorPlan } from '../../src/flow/plan.js'
import { resolveReducer } from '../../src/flow/reducer.js'
import type { SinkHost } from '../../src/flow/sinks/part-writer.js'
import { describeFunction, resolveStage } from '../../src/flow/stage-function.js'

/** Rows given by hand; `pauses` puts a PAUSE before each and before the end. Counts what is taken. */
export class RowsCursor implements Cursor<Row> {
  readonly #rows: Iterator<Row>
  readonly #pauses: boolean
  #paused = false
  #ended = false
  taken = 0
  closed = 0

  constructor(rows: Iterable<Row>, pauses = false) {
    this.#rows = rows[Symbol.iterator]()
    this.#pauses = pauses
  }

  next(): Row | typeof END | typeof PAUSE {
    if (this.closed > 0 || this.#ended) return END
    this.#paused = this.#pauses && !this.#paused
    if (this.#paused) return PAUSE
    const step = this.#rows.next()
    this.#ended = step.done === true
    if (step.done) return END
    this.taken++
    return step.value
  }

  close(): void {
    this.closed++
  }
}

/** All rows of a cursor; `onPause` runs at each PAUSE. */
export function drain(cursor: Cursor<Row>, onPause: () => void = () => {}): Row[] {
  const rows: Row[] = []
  for (;;) {
    const row = cursor.next()
    if (row === END) return rows
    if (row === PAUSE) onPause()
    else rows.push(row)
  }
}

/** A slice that is never over. */
function endless(): Slice {
  return new Slice({ now: () => 0 }, 1)
}

/** A slice that is over at every look. */
export function hasty(): Slice {
  let now = 0
  return new Slice({ now: () => now++ }, 0)
}

export function environment(more: Partial<StageEnvironment> = {}): StageEnvironment {
  return { worker: 1, signal: new AbortController().signal, cancelled: () => false, log: () => {}, ...more }
}

/** The operators of one stage over rows given by hand; functions are those of `functions`. */
export function pipeline(
  operators: readonly OperatorPlan[],
  input: Cursor<Row>,
  options: {
    functions?: Record<string, unknown>
    budgetBytes?: number
    spill?: Spill
    slice?: Slice
    environment?: StageEnvironment
    right?: (stage: number) => Cursor<Row>
    waits?: CallWaits
    skipped?: (operator: number, rows: SkippedRows) => void
    sinks?: SinkHost
  } = {},
): Promise<Cursor<Row>> {
  const stage = {
    id: 3,
    on: 'all',
    input: { kind: 'exchange', stages: [2] },
    operators,
    output: { exchange: 'gather', to: 'leader' },
  } as const
  return buildPipeline(stage, {
    resolve: (ref) => resolveStage(options.functions ?? {}, ref),
    resolveReducer: (ref) => resolveReducer(options.functions ?? {}, ref),
    input,
    environment: options.environment ?? environment(),
    waits: options.waits ?? new CallWaits(),
    skipped: options.skipped,
    budgetBytes: options.budgetBytes ?? 1e9,
    ...(options.spill && { spill: options.spill }),
    right: options.right,
    sinks: options.sinks,
    slice: options.slice ?? endless(),
  })
}

/** The plan of a function, as the builder writes it. */
export function call(op: FunctionOperatorPlan['op'], fn: unknown, more: object = {}): OperatorPlan {
  return { op, fn: describeFunction(fn, op), ...more } as OperatorPlan
}

/** Collects what an async iterable gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
