import { assert } from '../../base/assert.js'
import { MillraceError } from '../../base/errors.js'
import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import type { Spill } from '../../exchange/spill.js'
import { decodeParams } from '../param-codec.js'
import {
  type FunctionOperatorPlan,
  type FunctionRef,
  type GroupOperatorPlan,
  isFunctionOperator,
  isSinkOperator,
  type JoinOperatorPlan,
  type OperatorPlan,
  type OrderKey,
  type StagePlan,
} from '../plan.js'
import { encoderOf } from '../sinks/encoders.js'
import { PartWriter, type SinkHost } from '../sinks/part-writer.js'
import type { AnyFunction } from '../stage-function.js'
import { comparatorAt } from './compare.js'
import type { Cursor } from './cursor.js'
import { DistinctCursor } from './distinct.js'
import { FilterCursor } from './filter.js'
import { FlatMapCursor } from './flat-map.js'
import { GroupFinalCursor, GroupPartialCursor } from './group.js'
import { GroupTable } from './group-table.js'
import { JoinCursor } from './join.js'
import { JoinTable } from './join-table.js'
import { LimitCursor } from './limit.js'
import { MapCursor } from './map.js'
import { Overflow } from './overflow.js'
import { SizeMeter } from './size-meter.js'
import { SortCursor } from './sort.js'
import { SpilledParts } from './spilled-parts.js'
import { SpilledRuns } from './spilled-runs.js'
import { callError, type StageCall, StageContext, type StageEnvironment } from './stage-call.js'
import { TeeCursor } from './tee.js'
import { TopKCursor } from './top-k.js'
import { WriteCursor } from './write.js'

export interface PipelineOptions {
  /** Finds a stage function: `resolveStage` over the module's namespace. */
  readonly resolve: (ref: FunctionRef) => AnyFunction
  readonly input: Cursor<Row>
  /** What the stage of that number sends here beside the input, for a join. */
  readonly right?: ((stage: number) => Cursor<Row>) | undefined
  readonly environment: StageEnvironment
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
  const calls = await prepareCalls(stage.operators, options)
  const writers = await prepareSinks(stage, options.sinks)
  const keepers = stage.operators.filter(keepsRows).length
  const share = options.budgetBytes / Math.max(1, keepers)
  let cursor = options.input
  stage.operators.forEach((operator, i) => {
    const call = calls[i]
    cursor = call
      ? callCursor(operator.op, cursor, call, options.slice)
      : cursorOf(operator, cursor, { ...options, share, stage: stage.id, writer: writers[i] })
  })
  return cursor
}

function keepsRows(operator: OperatorPlan): boolean {
  return !isFunctionOperator(operator) && !isSinkOperator(operator) && operator.op !== 'limit'
}

function prepareSinks({ id, operators }: StagePlan, host: SinkHost | undefined): Promise<(PartWriter | undefined)[]> {
  return Promise.all(
    operators.map(async (operator) => {
      if (!isSinkOperator(operator)) return undefined
      const { op, sink } = operator
      assert(host !== undefined, `stage ${id} writes`)
      return new PartWriter(sink, await encoderOf(sink, `stage ${id} ${op} ${sink.path}`), host)
    }),
  )
}

async function prepareCalls(operators: readonly OperatorPlan[], options: PipelineOptions): Promise<(StageCall | undefined)[]> {
  const found = operators.map((operator) => (isFunctionOperator(operator) ? prepare(operator, options) : undefined))
  for (const prepared of found) {
    if (prepared?.setup === undefined) continue
    try {
      prepared.call.ctx.state = await prepared.setup(prepared.call.ctx)
    } catch (error) {
      throw callError(prepared.call, error)
    }
  }
  return found.map((prepared) => prepared?.call)
}

function prepare(
  { fn, params, setup }: FunctionOperatorPlan,
  { resolve, environment }: PipelineOptions,
): { call: StageCall; setup?: AnyFunction } {
  const ctx = new StageContext(fn.name, decodeParams(params ?? {}), environment)
  return { call: { stage: fn.name, fn: resolve(fn), ctx }, ...(setup ? { setup: resolve(setup) } : {}) }
}

function callCursor(op: OperatorPlan['op'], input: Cursor<Row>, call: StageCall, slice: Slice): Cursor<Row> {
  if (op === 'map') return new MapCursor(input, call)
  return op === 'filter' ? new FilterCursor(input, call, slice) : new FlatMapCursor(input, call, slice)
}

interface Place {
  readonly share: number
  readonly stage: number
  readonly slice: Slice
  readonly spill?: Spill | undefined
  readonly right?: ((stage: number) => Cursor<Row>) | undefined
  readonly writer: PartWriter | undefined
}

function cursorOf(operator: OperatorPlan, input: Cursor<Row>, place: Place): Cursor<Row> {
  const { share, stage, slice, spill } = place
  switch (operator.op) {
    case 'groupPartial':
      return new GroupPartialCursor(input, tableOf(operator, stage), share, slice)
    case 'groupFinal':
      return groupFinal(operator, input, place)
    case 'sort': {
      const where = `stage ${stage} sort`
      return sort(operator.by, input, where, place)
    }
    case 'topK': {
      const where = `stage ${stage} top ${operator.rows}`
      const order = { compare: comparatorAt(operator.by, where), rows: operator.rows }
      const sorted = (rows: Cursor<Row>): Cursor<Row> => new LimitCursor(sort(operator.by, rows, where, place), operator.rows)
      return new TopKCursor(input, order, { meter: new SizeMeter(where, share), slice, sort: spill && sorted })
    }
    case 'limit':
      return new LimitCursor(input, operator.rows)
    case 'join':
      return join(operator, input, place)
    case 'write':
      return new WriteCursor(input, place.writer as PartWriter, slice)
    case 'tee':
      return new TeeCursor(input, place.writer as PartWriter)
    case 'distinctPartial':
    case 'distinctFinal': {
      const mayForget = operator.op === 'distinctPartial'
      return new DistinctCursor(input, { where: `stage ${stage} distinct`, budgetBytes: share, mayForget }, slice)
    }
    default:
      throw new MillraceError('Internal', `operator ${operator.op} is not one of rows`)
  }
}

function join({ kind, right, keys, rightKeys, suffix }: JoinOperatorPlan, left: Cursor<Row>, place: Place): Cursor<Row> {
  const rows = place.right?.(right)
  assert(rows !== undefined, `stage ${place.stage} joins what stage ${right} sends`)
  const where = `stage ${place.stage} ${kind} join on ${keys.join(', ')}`
  const keepsRows = kind === 'inner' || kind === 'left'
  const table = new JoinTable({ keys: rightKeys, keepsRows, suffix, where, budgetBytes: place.share })
  return new JoinCursor({ kind, left, right: rows, keys }, table, place.slice)
}

function sort(by: readonly OrderKey[], input: Cursor<Row>, where: string, { share, slice, spill }: Place): Cursor<Row> {
  const compare = comparatorAt(by, where)
  const spilled = spill && new SpilledRuns(new Overflow(spill, where, share), compare, slice)
  return new SortCursor(input, compare, { meter: new SizeMeter(where, share), spilled, slice })
}

function groupFinal(operator: GroupOperatorPlan, input: Cursor<Row>, { share, stage, slice, spill }: Place): Cursor<Row> {
  const where = groupName(operator, stage)
  const parts = spill && new SpilledParts(new Overflow(spill, where, share), operator.keys)
  return new GroupFinalCursor(input, tableOf(operator, stage), { where, bytes: share, parts }, slice)
}

function tableOf(operator: GroupOperatorPlan, stage: number): GroupTable {
  return new GroupTable(operator.keys, operator.aggregates, groupName(operator, stage))
}

function groupName({ keys }: GroupOperatorPlan, stage: number): string {
  return `stage ${stage} groupBy(${keys.join(', ')})`
}
