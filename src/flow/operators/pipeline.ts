import { assert } from '../../base/assert.js'
import type { Slice } from '../../base/slice.js'
import { type Int32Columns, NO_INT32 } from '../../columnar/int32-columns.js'
import type { Row } from '../../columnar/schema.js'
import type { Spill } from '../../exchange/spill.js'
import {
  type FileInputPlan,
  type FunctionOperatorPlan,
  isSinkOperator,
  keepsRows,
  retriedOf,
  type SinkPlan,
  type StagePlan,
} from '../plan.js'
import { encoderOf, type WrittenRows } from '../sinks/encoders.js'
import { PartWriter, type SinkHost } from '../sinks/part-writer.js'
import { callCursor } from './call-cursors.js'
import type { CallWaits } from './call-waits.js'
import type { Cursor } from './cursor.js'
import { type CallOptions, prepareCalls } from './prepared-calls.js'
import { RetryCursor, type RetryOptions } from './retry.js'
import { cursorOf } from './row-cursors.js'
import { SizeMeter } from './size-meter.js'
import { SkippingCursor } from './skipping.js'
import { type LocatedRows, SplitRows } from './split-rows.js'
import type { StageEnvironment } from './stage-call.js'

export interface PipelineOptions extends Omit<CallOptions, 'writerOf'> {
  readonly input: Cursor<Row>
  /** Which columns are int32 before each operator; by default none. */
  readonly int32?: readonly Int32Columns[]
  /** What the stage of that number sends here beside the input, for a join. */
  readonly right?: ((stage: number) => Cursor<Row>) | undefined
  /** Told of calls that go on while the stage waits. */
  readonly waits: CallWaits
  /** What the operators of this stage may keep together, in bytes; they share it evenly. */
  readonly budgetBytes: number
  /** Where what exceeds that goes; undefined: it is an error. */
  readonly spill?: Spill | undefined
  /** What sinks need of the worker; undefined: there are none. */
  readonly sinks?: SinkHost | undefined
  /** Asked by every operator that loops; the driver begins it. */
  readonly slice: Slice
}

/**
 * The operators of one stage in this worker, as one cursor. Finds all functions, then runs the `setup`s one after the other.
 * When it rejects, nothing has been read; the input is the caller's to close.
 *
 * @throws MillraceError `StageNotExported`, `StageChanged`; what a `setup` throws, with `stage`
 */
export async function buildPipeline(stage: StagePlan, options: PipelineOptions): Promise<Cursor<Row>> {
  const { operators } = stage
  const retried = retriedOf(stage)
  const share = options.budgetBytes / Math.max(1, operators.filter(keepsRows).length + Number(retried > 0))
  const splits = retried === 0 ? undefined : splitRows(stage, options.input, share)
  const writerOf = (sink: SinkPlan, op: string, int32: Int32Columns = NO_INT32) =>
    openWriter(sink, { where: `stage ${stage.id} ${op} ${sink.path}`, int32 }, options.sinks)
  const environment = splits === undefined ? options.environment : { ...options.environment, location: splits.rows }
  const calls = await prepareCalls(operators, { ...options, environment, writerOf: (sink) => writerOf(sink, 'onError') })
  const writers = await Promise.all(
    operators.map((operator, at) => (isSinkOperator(operator) ? writerOf(operator.sink, operator.op, options.int32?.[at]) : undefined)),
  )
  const through = (input: Cursor<Row>, from: number, to: number): Cursor<Row> => {
    let cursor = input
    for (const [index, operator] of operators.slice(from, to).entries()) {
      const call = calls[from + index]
      const place = { ...options, share, stage: stage.id, writer: writers[from + index] }
      cursor = call ? callCursor(operator as FunctionOperatorPlan, cursor, call, place) : cursorOf(operator, cursor, place)
      if (call?.skips !== undefined) cursor = new SkippingCursor(cursor, call.skips)
    }
    return cursor
  }
  if (splits === undefined) return through(options.input, 0, operators.length)
  const { rows, meter, retries } = splits
  const failed = retryLog(environment)
  return through(new RetryCursor(rows, { retries, meter, failed, open: (input) => through(input, 0, retried) }), retried, operators.length)
}

/** A split and what came of it have half of the share each. */
function splitRows({ id, input }: StagePlan, source: Cursor<Row>, share: number): { rows: SplitRows; meter: SizeMeter; retries: number } {
  const meterOf = (what: string) => new SizeMeter(`stage ${id} ${what}, kept for retries,`, share / 2)
  const rows = new SplitRows(source as LocatedRows, meterOf('a split'))
  return { rows, meter: meterOf('what came of a split'), retries: (input as FileInputPlan).retries as number }
}

function retryLog({ log, worker }: StageEnvironment): RetryOptions['failed'] {
  return (error, attempt, split) => {
    const { stage = 'read' } = error as { stage?: string }
    log({ level: 'warn', object: { retried: String(error), attempt, split }, worker, stage, source: undefined })
  }
}

async function openWriter(sink: SinkPlan, rows: WrittenRows, host: SinkHost | undefined): Promise<PartWriter> {
  assert(host !== undefined, `${rows.where}: the worker can write`)
  return new PartWriter(sink, await encoderOf(sink, rows), host)
}
