import { assert } from '../../base/assert.js'
import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import type { Spill } from '../../exchange/spill.js'
import { type FunctionOperatorPlan, isSinkOperator, keepsRows, type SinkPlan, type StagePlan } from '../plan.js'
import { encoderOf } from '../sinks/encoders.js'
import { PartWriter, type SinkHost } from '../sinks/part-writer.js'
import { callCursor } from './call-cursors.js'
import type { CallWaits } from './call-waits.js'
import type { Cursor } from './cursor.js'
import { type CallOptions, prepareCalls } from './prepared-calls.js'
import { cursorOf } from './row-cursors.js'
import { SkippingCursor } from './skipping.js'

export interface PipelineOptions extends Omit<CallOptions, 'writerOf'> {
  readonly input: Cursor<Row>
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
  const writerOf = (sink: SinkPlan, op: string) => openWriter(sink, `stage ${stage.id} ${op} ${sink.path}`, options.sinks)
  const calls = await prepareCalls(stage.operators, { ...options, writerOf: (sink) => writerOf(sink, 'onError') })
  const writers = await Promise.all(
    stage.operators.map((operator) => (isSinkOperator(operator) ? writerOf(operator.sink, operator.op) : undefined)),
  )
  const keepers = stage.operators.filter(keepsRows).length
  const share = options.budgetBytes / Math.max(1, keepers)
  let cursor = options.input
  stage.operators.forEach((operator, i) => {
    const call = calls[i]
    const place = { ...options, share, stage: stage.id, writer: writers[i] }
    cursor = call ? callCursor(operator as FunctionOperatorPlan, cursor, call, place) : cursorOf(operator, cursor, place)
    if (call?.skips !== undefined) cursor = new SkippingCursor(cursor, call.skips)
  })
  return cursor
}

async function openWriter(sink: SinkPlan, where: string, host: SinkHost | undefined): Promise<PartWriter> {
  assert(host !== undefined, `${where}: the worker can write`)
  return new PartWriter(sink, await encoderOf(sink, where), host)
}
