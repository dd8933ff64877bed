import type { Slice } from '../../base/slice.js'
import { type Int32Columns, NO_INT32 } from '../../columnar/int32-columns.js'
import type { Row } from '../../columnar/schema.js'
import type { Spill } from '../../exchange/spill.js'
import { loadSql } from '../load-sql.js'
import { type FunctionOperatorPlan, isSinkOperator, keepsRows, retriedOf, type StagePlan } from '../plan.js'
import type { SinkPlan } from '../sink-plan.js'
import { openWriter } from '../sinks/open-writer.js'
import type { SinkHost } from '../sinks/part-writer.js'
import { callCursor } from './call-cursors.js'
import type { CallWaits } from './call-waits.js'
import type { Cursor } from './cursor.js'
import { type CallOptions, prepareCalls } from './prepared-calls.js'
import { cursorOf } from './row-cursors.js'
import type { SkippedRows } from './skipped-rows.js'
import { SkippingCursor } from './skipping.js'
import { splitwise } from './splitwise.js'

export interface PipelineOptions extends Omit<CallOptions, 'writerOf'> {
  readonly input: Cursor<Row>
  /** Takes the rows that the input cannot read; undefined: they are errors. */
  readonly inputSkips?: SkippedRows | undefined
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
  const share = options.budgetBytes / Math.max(1, operators.filter(keepsRows).length + Number(retriedOf(stage) > 0))
  const splits = splitwise(stage, options.input, options.environment, share)
  const writerOf = (sink: SinkPlan, op: string, int32: Int32Columns = NO_INT32) =>
    openWriter(sink, { where: `stage ${stage.id} ${op} ${sink.path}`, int32 }, options.sinks)
  const environment = splits === undefined ? options.environment : { ...options.environment, location: splits.location }
  const calls = await prepareCalls(operators, {
    ...options,
    environment,
    writerOf: async (sink) => (await writerOf(sink, 'onError')).writer,
  })
  const writers = await Promise.all(
    operators.map((operator, at) => (isSinkOperator(operator) ? writerOf(operator.sink, operator.op, options.int32?.[at]) : undefined)),
  )
  const openSql = operators.some(({ op }) => op === 'sql') ? await loadSql() : undefined
  const through = (input: Cursor<Row>, from: number, to: number): Cursor<Row> => {
    let cursor = input
    for (const [index, operator] of operators.slice(from, to).entries()) {
      const call = calls[from + index]
      const isLast = from + index === operators.length - 1 && stage.output.exchange === 'gather' && stage.output.to === 'leader'
      const place = { ...options, share, stage: stage.id, writer: writers[from + index]?.writer, openSql, isLast }
      cursor = call ? callCursor(operator as FunctionOperatorPlan, cursor, call, place) : cursorOf(operator, cursor, place)
      if (call?.skips !== undefined) cursor = new SkippingCursor(cursor, call.skips)
    }
    return cursor
  }
  const readable = (input: Cursor<Row>): Cursor<Row> =>
    options.inputSkips === undefined ? input : new SkippingCursor(input, options.inputSkips)
  if (splits === undefined) return through(readable(options.input), 0, operators.length)
  const ended = (split: string): void => {
    for (const writer of writers) writer?.endSplit(split)
  }
  return through(readable(splits.cursor((rows) => through(rows, 0, splits.operators), ended)), splits.operators, operators.length)
}
