import { assert } from '../../base/assert.js'
import { MillraceError } from '../../base/errors.js'
import type { Slice } from '../../base/slice.js'
import { hashRow } from '../../columnar/hash.js'
import type { Row } from '../../columnar/schema.js'
import type { Spill } from '../../exchange/spill.js'
import type { GroupOperatorPlan, JoinOperatorPlan, OperatorPlan, OrderPlan, SqlOperatorPlan, TopPerKeyOperatorPlan } from '../plan.js'
import type { PartWriter } from '../sinks/part-writer.js'
import { readingsOf } from './accumulators.js'
import type { CallWaits } from './call-waits.js'
import { comparatorAt, comparatorOf } from './compare.js'
import type { Cursor } from './cursor.js'
import { DistinctCursor } from './distinct.js'
import { FirstPerKeyCursor } from './first-per-key.js'
import { GroupFinalCursor, GroupPartialCursor } from './group.js'
import { GroupTable } from './group-table.js'
import { JoinCursor } from './join.js'
import { JoinTable } from './join-table.js'
import { LimitCursor } from './limit.js'
import { Overflow } from './overflow.js'
import { SizeMeter } from './size-meter.js'
import { SortCursor } from './sort.js'
import { SpilledPairs } from './spilled-pairs.js'
import { SpilledParts } from './spilled-parts.js'
import { SpilledRuns } from './spilled-runs.js'
import type { OpenSql } from './sql.js'
import { TeeCursor } from './tee.js'
import { TopKCursor } from './top-k.js'
import { TopPerKeyCursor } from './top-per-key.js'
import { WriteCursor } from './write.js'

/** Where an operator stands, and what it has there. */
export interface Place {
  readonly share: number
  readonly stage: number
  readonly slice: Slice
  /** Told of calls that go on while the stage waits. */
  readonly waits: CallWaits
  readonly spill?: Spill | undefined
  readonly right?: ((stage: number) => Cursor<Row>) | undefined
  readonly writer: PartWriter | undefined
  /** Runs statements, where the stage has one. */
  readonly openSql?: OpenSql | undefined
  /** The rows of the operator go as they are to who runs the flow. */
  readonly isLast: boolean
}

/** The operators that call no function. */
export function cursorOf(operator: OperatorPlan, input: Cursor<Row>, place: Place): Cursor<Row> {
  const { share, stage, slice, spill } = place
  switch (operator.op) {
    case 'groupPartial':
      return new GroupPartialCursor(input, tableOf(operator, groupName(operator, stage)), share, slice)
    case 'groupFinal': {
      const where = groupName(operator, stage)
      return groupFinal(input, tableOf(operator, where), { keys: operator.keys, where }, place)
    }
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
    case 'sql':
      return sql(operator, input, place)
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

function sql(operator: SqlOperatorPlan, input: Cursor<Row>, place: Place): Cursor<Row> {
  const { openSql, right } = place
  assert(openSql !== undefined, 'what runs statements is loaded before')
  const tables = operator.tables.map((table) => {
    const rows = table.stage === undefined ? input : right?.(table.stage)
    assert(rows !== undefined, `stage ${place.stage} has the rows of table ${table.name}`)
    return { ...table, rows }
  })
  return openSql({ ...operator, tables }, { ...place, isWhole: place.isLast && tables.length === 0, where: `stage ${place.stage} sql` })
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

/** The final half of a groupBy or reduceBy. */
export function groupFinal(
  input: Cursor<Row>,
  table: GroupTable,
  { keys, where }: { readonly keys: readonly string[]; readonly where: string },
  { share, slice, spill }: Place,
): Cursor<Row> {
  const parts = spill && new SpilledParts(new Overflow(spill, where, share), (row) => hashRow(row, keys))
  return new GroupFinalCursor(input, table, { where, bytes: share, parts }, slice)
}

function tableOf({ keys, aggregates }: GroupOperatorPlan, where: string): GroupTable {
  return new GroupTable(keys, readingsOf(aggregates), where)
}

function groupName({ keys }: GroupOperatorPlan, stage: number): string {
  return `stage ${stage} groupBy(${keys.join(', ')})`
}
