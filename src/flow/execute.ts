import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Int32Columns } from '../columnar/int32-columns.js'
import type { Row } from '../columnar/schema.js'
import { refuseNestedRun } from './import-guard.js'
import { checkInputs } from './inputs.js'
import type { Plan } from './plan.js'
import { Query } from './query.js'
import { type BytesOptions, nodeBytes, webBytes } from './row-bytes.js'
import { type FlowRun, type ResolvedRunOptions, type RunOptions, type RunStats, resolveRunOptions } from './run-options.js'

/** Runs a plan. Nothing starts before the rows are asked for. @throws MillraceError `InvalidArgument`, `FlowRanOnImport` */
export function execute<R>(plan: Plan, options: RunOptions): FlowRun<R> {
  refuseNestedRun()
  const resolved = resolveRunOptions(options)
  checkInputs(plan, resolved.inputs)
  return new Run<R>(plan, resolved)
}

export function isRun(value: object): value is FlowRun<unknown> {
  return value instanceof Run
}

/** For tests: what a run still holds once it has ended, in the leader and in the workers; empty where all is well. */
export function leftovers(run: FlowRun<unknown>): Record<string, number> {
  return (run as Run<unknown>).query.leftovers
}

/** One run of a flow, as its user holds it. */
class Run<R> implements FlowRun<R> {
  readonly query: Query

  constructor(plan: Plan, options: ResolvedRunOptions) {
    this.query = new Query(plan, options)
  }

  async *batches(): AsyncGenerator<readonly R[], void, undefined> {
    try {
      await this.query.start()
      for (let rows = await this.query.next(); rows !== undefined; rows = await this.query.next())
        yield rows as readonly Row[] as readonly R[]
      await this.query.finish()
    } catch (error) {
      throw await this.query.failed(error)
    } finally {
      await this.query.end()
    }
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
