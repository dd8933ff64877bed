import { assert, unreachable } from '../../base/assert.js'
import { MillraceError } from '../../base/errors.js'
import type { Slice } from '../../base/slice.js'
import { hashRow } from '../../columnar/hash.js'
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
  keepsRows,
  type OperatorPlan,
  type OrderPlan,
  type StagePlan,
  type TopPerKeyOperatorPlan,
} from '../plan.js'
import { encoderOf } from '../sinks/encoders.js'
import { PartWriter, type SinkHost } from '../sinks/part-writer.js'
import type { AnyFunction } from '../stage-function.js'
import type { CallWaits } from './call-waits.js'
import { comparatorAt, comparatorOf } from './compare.js'
import type { Cursor } from './cursor.js'
import { Deadline } from './deadline.js'
import { DistinctCursor } from './distinct.js'
import { FilterCursor } from './filter.js'
import { FirstPerKeyCursor } from './first-per-key.js'
import { FlatMapCursor } from './flat-map.js'
import { GroupFinalCursor, GroupPartialCursor } from './group.js'
import { GroupTable } from './group-table.js'
import { JoinCursor } from './join.js'
import { JoinTable } from './join-table.js'
import { LimitCursor } from './limit.js'
import { MapCursor } from './map.js'
import { MapAsyncCursor } from './map-async.js'
import { MapBatchesCursor } from './map-batches.js'
import { Overflow } from './overflow.js'
import { PerKeyCursor } from './per-key.js'
import { SizeMeter } from './size-meter.js'
import { SkippedRows } from './skipped-rows.js'
import { SortCursor } from './sort.js'
import { SpilledPairs } from './spilled-pairs.js'
import { SpilledParts } from './spilled-parts.js'
import { SpilledRuns } from './spilled-runs.js'
import { callError, type StageCall, StageContext, type StageEnvironment } from './stage-call.js'
import { TeeCursor } from './tee.js'
import { TopKCursor } from './top-k.js'
import { TopPerKeyCursor } from './top-per-key.js'
import { WriteCursor } from './write.js'

export interface PipelineOptions {
  /** Finds a stage function: `resolveStage` over the module's namespace. */
  readonly resolve: (ref: FunctionRef) => AnyFunction
  readonly input: Cursor<Row>
  /** What the stage of that number sends here beside the input, for a join. */
  readonly right?: ((stage: number) => Cursor<Row>) | undefined
  readonly environment: StageEnvironment
  /** Told of calls that go on while the stage waits. */
  readonly waits: CallWaits
  /** Told of the functions whose failing rows are left out, by their place among the operators. */
  readonly skipped?: ((operator: number, rows: SkippedRows) => void) | undefined
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
      ? callCursor(operator as FunctionOperatorPlan, cursor, call, options)
      : cursorOf(operator, cursor, { ...options, share, stage: stage.id, writer: writers[i] })
  })
  return cursor
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
  const found = operators.map((operator, index) => (isFunctionOperator(operator) ? prepare(operator, index, options) : undefined))
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

function prepare(operator: FunctionOperatorPlan, index: number, options: PipelineOptions): { call: StageCall; setup?: AnyFunction } {
  const { resolve, environment } = options
  const { params, setup, timeoutMs } = operator
  const stage = operator.fn.name
  const fn = resolve(operator.fn) as (...args: unknown[]) => unknown
  const deadline = timeoutMs === undefined ? undefined : new Deadline(timeoutMs, stage)
  const call: StageCall = {
    stage,
    fn: deadline === undefined || operator.op === 'mapAsync' ? fn : deadline.limit(fn),
    ctx: new StageContext(stage, decodeParams(params ?? {}), environment),
    skips: skipsOf(operator, index, options),
    deadline,
  }
  return { call, ...(setup ? { setup: resolve(setup) } : {}) }
}

function skipsOf({ onError, maxErrors, fn }: FunctionOperatorPlan, index: number, options: PipelineOptions): SkippedRows | undefined {
  if (onError !== 'skip') return undefined
  const { worker, log } = options.environment
  const skips = new SkippedRows({ stage: fn.name, maxErrors: maxErrors ?? Number.POSITIVE_INFINITY, worker, log })
  options.skipped?.(index, skips)
  return skips
}

function callCursor(operator: FunctionOperatorPlan, input: Cursor<Row>, call: StageCall, options: PipelineOptions): Cursor<Row> {
  const { slice, waits } = options
  switch (operator.op) {
    case 'map':
      return new MapCursor(input, call, slice)
    case 'filter':
      return new FilterCursor(input, call, slice)
    case 'flatMap':
      return new FlatMapCursor(input, call, slice)
    case 'mapBatches':
      return new MapBatchesCursor(input, call, operator.rows, slice)
    case 'mapAsync':
      return new MapAsyncCursor(input, call, { concurrency: operator.concurrency, waits }, slice)
    case 'perKey': {
      const compare = comparatorOf({ by: operator.keys.map((column) => ({ column, descending: false })) })
      return new PerKeyCursor(input, call, (a, b) => compare(a, b) === 0, slice)
    }
    default:
      return unreachable(operator, 'operator')
  }
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
      return sort(operator, input, where, place)
    }
    case 'topK': {
      const where = `stage ${stage} top ${operator.rows}`
      const order = { compare: comparatorAt(operator, where), rows: operator.rows }
      const sorted = (rows: Cursor<Row>): Cursor<Row> => new LimitCursor(sort(operator, rows, where, place), operator.rows)
      return new TopKCursor(input, order, { meter: new SizeMeter(where, share), slice, sort: spill && sorted })
    }
    case 'topPerKeyPartial':
    case 'topPerKeyFinal':
      return topPerKey(operator, input, place)
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
      const where = `stage ${stage} distinct`
      const overflow = spill && !mayForget ? new Overflow(spill, where, share) : undefined
      return new DistinctCursor(input, { where, budgetBytes: share, mayForget, overflow }, slice)
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
  const overflow = place.spill && new Overflow(place.spill, where, place.share)
  const table = new JoinTable({ keys: rightKeys, keepsRows, suffix, where, budgetBytes: overflow?.keptBytes ?? place.share })
  const pairs = overflow && new SpilledPairs(overflow, { left: keys, right: rightKeys })
  return new JoinCursor({ kind, left, right: rows, keys, rightKeys }, table, pairs, place.slice)
}

function topPerKey(operator: TopPerKeyOperatorPlan, input: Cursor<Row>, place: Place): Cursor<Row> {
  const { keys, rows } = operator
  const where = `stage ${place.stage} top ${rows} of each ${keys.join(', ')}`
  const compare = comparatorAt(operator, where)
  const isPartial = operator.op === 'topPerKeyPartial'
  const byKey = keys.map((column) => ({ column, descending: false }))
  const sameKey = comparatorOf({ by: byKey })
  const sorted = (input: Cursor<Row>): Cursor<Row> =>
    new FirstPerKeyCursor(
      sort({ ...operator, by: [...byKey, ...operator.by] }, input, where, place),
      (a, b) => sameKey(a, b) === 0,
      rows,
      place.slice,
    )
  return new TopPerKeyCursor(
    input,
    { keys, compare, rows, where },
    { budgetBytes: place.share, mayForget: isPartial, sorted: place.spill && sorted, slice: place.slice },
  )
}

function sort(order: OrderPlan, input: Cursor<Row>, where: string, { share, slice, spill }: Place): Cursor<Row> {
  const compare = comparatorAt(order, where)
  const spilled = spill && new SpilledRuns(new Overflow(spill, where, share), compare, slice)
  return new SortCursor(input, compare, { meter: new SizeMeter(where, share), spilled, slice })
}

function groupFinal(operator: GroupOperatorPlan, input: Cursor<Row>, { share, stage, slice, spill }: Place): Cursor<Row> {
  const where = groupName(operator, stage)
  const parts = spill && new SpilledParts(new Overflow(spill, where, share), (row) => hashRow(row, operator.keys))
  return new GroupFinalCursor(input, tableOf(operator, stage), { where, bytes: share, parts }, slice)
}

function tableOf(operator: GroupOperatorPlan, stage: number): GroupTable {
  return new GroupTable(operator.keys, operator.aggregates, groupName(operator, stage))
}

function groupName({ keys }: GroupOperatorPlan, stage: number): string {
  return `stage ${stage} groupBy(${keys.join(', ')})`
}
