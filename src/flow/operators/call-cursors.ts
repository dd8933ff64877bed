import { unreachable } from '../../base/assert.js'
import type { Row } from '../../columnar/schema.js'
import type { FunctionOperatorPlan, ReduceOperatorPlan } from '../plan.js'
import { comparatorOf } from './compare.js'
import type { Cursor } from './cursor.js'
import { FilterCursor } from './filter.js'
import { FlatMapCursor } from './flat-map.js'
import { GroupPartialCursor } from './group.js'
import { GroupTable } from './group-table.js'
import { MapCursor } from './map.js'
import { MapAsyncCursor } from './map-async.js'
import { MapBatchesCursor } from './map-batches.js'
import { MapColumnsCursor } from './map-columns.js'
import { PerKeyCursor } from './per-key.js'
import { ReduceAccumulator } from './reduce.js'
import { groupFinal, type Place } from './row-cursors.js'
import type { StageCall } from './stage-call.js'

/** The operators that call a stage function. */
export function callCursor(operator: FunctionOperatorPlan, input: Cursor<Row>, call: StageCall, place: Place): Cursor<Row> {
  const { slice, waits } = place
  switch (operator.op) {
    case 'map':
      return new MapCursor(input, call, slice)
    case 'filter':
      return new FilterCursor(input, call, slice)
    case 'flatMap':
      return new FlatMapCursor(input, call, slice)
    case 'mapBatches':
      return new MapBatchesCursor(input, call, operator.rows, slice)
    case 'mapColumns':
      return new MapColumnsCursor(input, call, operator.rows, slice)
    case 'mapAsync':
      return new MapAsyncCursor(input, call, { concurrency: operator.concurrency, waits }, slice)
    case 'perKey': {
      const compare = comparatorOf({ by: operator.keys.map((column) => ({ column, descending: false })) })
      return new PerKeyCursor(input, call, (a, b) => compare(a, b) === 0, slice)
    }
    case 'reducePartial':
    case 'reduceFinal':
      return reduceCursor(operator, input, call, place)
    default:
      return unreachable(operator, 'operator')
  }
}

function reduceCursor({ op, keys }: ReduceOperatorPlan, input: Cursor<Row>, call: StageCall, place: Place): Cursor<Row> {
  const where = `stage ${place.stage} reduceBy(${keys.join(', ')})`
  const table = new GroupTable(keys, [{ column: '', by: '', make: ({ state }) => new ReduceAccumulator(call, keys, state) }], where)
  if (op === 'reducePartial') return new GroupPartialCursor(input, table, place.share, place.slice)
  return groupFinal(input, table, { keys, where }, place)
}
