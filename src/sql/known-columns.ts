import type { ColumnPlan } from '../flow/column-plan.js'
import type { FlowParts, Step } from '../flow/step.js'

/** Steps that leave the columns as they are. */
const KEEPING: ReadonlySet<Step['op']> = new Set<Step['op']>([
  'filter',
  'sort',
  'limit',
  'topPerKey',
  'distinct',
  'tee',
  'hash',
  'roundRobin',
  'broadcast',
  'gather',
])

const LINE: readonly ColumnPlan[] = [
  { column: 'text', type: 'utf8', nullable: false },
  { column: 'file', type: 'utf8', nullable: false },
  { column: 'offset', type: 'float64', nullable: false },
]

/** The columns of a flow that are known before it gives a row: those of its source, or of a statement, where nothing makes other rows. */
export function knownColumns({ input, steps }: FlowParts): readonly ColumnPlan[] | undefined {
  let columns = input.kind === 'lines' ? LINE : 'columns' in input ? input.columns : undefined
  for (const step of steps) {
    if (step.op === 'sql') columns = step.columns
    else if (!KEEPING.has(step.op)) columns = undefined
  }
  return columns?.filter(({ type }) => type !== 'list' && type !== 'struct')
}
