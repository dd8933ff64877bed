import type { Row } from '../../columnar/schema.js'
import { type FileInputPlan, isSinkOperator, retriedOf, type StagePlan } from '../plan.js'
import type { Cursor } from './cursor.js'
import { RetryCursor, type RetryOptions } from './retry.js'
import { SizeMeter } from './size-meter.js'
import { SplitCursor } from './split-cursor.js'
import { type LocatedRows, SplitEnds } from './split-ends.js'
import { SplitRows } from './split-rows.js'
import type { StageEnvironment } from './stage-call.js'

/** The first operators of a stage, that have each split of its source for themselves. */
export interface Splitwise {
  /** Where the row being worked on came from. */
  readonly location: NonNullable<StageEnvironment['location']>
  /** How many operators they are. */
  readonly operators: number
  /** `open`: they over the rows of one split. `ended`: all that came of a split has been handed on. */
  cursor(open: (rows: Cursor<Row>) => Cursor<Row>, ended: (split: string) => void): Cursor<Row>
}

/** Undefined where nobody wants to know of splits: where no retries are asked for, and no sink keeps what is finished. `share`: what may be kept, in bytes. */
export function splitwise(stage: StagePlan, source: Cursor<Row>, { log, worker }: StageEnvironment, share: number): Splitwise | undefined {
  const retried = retriedOf(stage)
  const sink = stage.operators.findIndex((operator) => isSinkOperator(operator) && operator.sink.parts?.resume !== undefined)
  if (retried === 0 && sink < 0) return undefined
  const ends = new SplitEnds(source as LocatedRows)
  if (retried === 0) return { location: ends, operators: sink, cursor: (open, ended) => new SplitCursor(ends, open, ended) }
  // A split and what came of it have half of the share each.
  const meterOf = (what: string) => new SizeMeter(`stage ${stage.id} ${what}, kept for retries,`, share / 2)
  const rows = new SplitRows(ends, meterOf('a split'))
  const meter = meterOf('what came of a split')
  const retries = (stage.input as FileInputPlan).retries as number
  const failed: RetryOptions['failed'] = (error, attempt, split) => {
    const { stage: name = 'read' } = error as { stage?: string }
    log({ level: 'warn', object: { retried: String(error), attempt, split }, worker, stage: name, source: undefined })
  }
  return { location: rows, operators: retried, cursor: (open, ended) => new RetryCursor(rows, { retries, meter, failed, open, ended }) }
}
