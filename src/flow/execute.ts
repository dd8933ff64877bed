import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Int32Columns } from '../columnar/int32-columns.js'
import { refuseNestedRun } from './import-guard.js'
import { checkInputs } from './inputs.js'
import type { Plan } from './plan.js'
import { Query } from './query.js'
import { type BytesOptions, nodeBytes, webBytes } from './row-bytes.js'
import type { FlowBatch, FlowRow, FlowRun, FlowsRun, RunStats } from './run.js'
import { type RunOptions, resolveRunOptions } from './run-options.js'
import { statementOf } from './statement.js'
import { StatementRun } from './statement-run.js'

/** Runs the plan of a flow. Nothing starts before the rows are asked for. @throws MillraceError `InvalidArgument`, `FlowRanOnImport` */
export function execute<R>(plan: Plan, options: RunOptions): FlowRun<R> {
  return new Run<R>(plan, options)
}

/** Likewise the plan of so many flows. */
export function executeAll<R extends readonly unknown[]>(plan: Plan, flows: number, options: RunOptions): FlowsRun<R> {
  return new AllRun<R>(plan, flows, options)
}

export function isRun(value: object): value is AnyRun {
  return value instanceof AnyRun
}

/** For tests: what a run still holds once it has ended, in the leader and in the workers; empty where all is well. */
export function leftovers(run: AnyRun): Record<string, number> {
  return run.query.leftovers
}

/** A run, as its user holds it. */
class AnyRun {
  readonly query: Query | StatementRun

  constructor(plan: Plan, options: RunOptions) {
    refuseNestedRun()
    const resolved = resolveRunOptions(options)
    checkInputs(plan, resolved.inputs)
    // Who asks for processes wants what runs there apart from this one.
    const isApart = (resolved.pool?.kind ?? resolved.kind) === 'process'
    const statement = isApart ? undefined : statementOf(plan)
    this.query = statement === undefined ? new Query(plan, resolved) : new StatementRun(statement, resolved)
  }

  cancel(reason?: unknown): Promise<void> {
    return this.query.cancel(reason)
  }

  stats(): RunStats {
    return this.query.stats()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.query.cancel()
  }
}

/** One run of a flow. */
class Run<R> extends AnyRun implements FlowRun<R> {
  async *batches(): AsyncGenerator<readonly R[], void, undefined> {
    for await (const { rows } of this.query.batches()) yield rows as readonly object[] as readonly R[]
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    for await (const rows of this.batches()) yield* rows
  }

  async collect(): Promise<R[]> {
    const all: R[] = []
    for await (const rows of this.batches()) for (const row of rows) all.push(row)
    return all
  }

  get int32(): Int32Columns {
    return this.query.int32
  }

  toNode(options: BytesOptions<R>): Readable {
    return nodeBytes(this, options)
  }

  toWeb(options: BytesOptions<R>): ReadableStream<Uint8Array> {
    return webBytes(this, options)
  }
}

/** One run of several flows. */
class AllRun<R extends readonly unknown[]> extends AnyRun implements FlowsRun<R> {
  constructor(
    plan: Plan,
    private readonly flows: number,
    options: RunOptions,
  ) {
    super(plan, options)
  }

  batches(): AsyncGenerator<FlowBatch<R>, void, undefined> {
    return this.query.batches() as AsyncGenerator<unknown> as AsyncGenerator<FlowBatch<R>, void, undefined>
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FlowRow<R>, void, undefined> {
    for await (const { flow, rows } of this.query.batches()) for (const row of rows) yield { flow, row } as unknown as FlowRow<R>
  }

  async collect(): Promise<{ -readonly [I in keyof R]: R[I][] }> {
    const all: unknown[][] = Array.from({ length: this.flows }, () => [])
    for await (const { flow, rows } of this.query.batches()) for (const row of rows) all[flow].push(row)
    return all as { -readonly [I in keyof R]: R[I][] }
  }
}
