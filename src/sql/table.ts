import { MillraceError } from '../base/errors.js'
import type { ColumnPlan } from '../flow/column-plan.js'
import type { SourceColumns } from '../flow/column-spec.js'
import { Flow } from '../flow/flow-builder.js'
import { columnPlans } from '../flow/source.js'

/** What `table` takes: types of columns by name, as sources do; what is in a list or object is not declared. */
export type TableColumns<R> = { readonly [K in keyof R]?: SourceColumns[string] }

/** A flow in a statement whose columns are declared. */
export class Table {
  /** @internal */
  constructor(
    readonly flow: Flow<unknown>,
    readonly columns: readonly ColumnPlan[],
  ) {}
}

/**
 * A flow as a table with columns that are there even where the flow gives no row: `table(flow, { user: 'utf8', ms: 'float64' })`. Without it a
 * table has the columns that its rows have, and one without a row has none where they do not follow from what the flow reads.
 *
 * @throws MillraceError `InvalidArgument`
 */
export function table<R>(flow: Flow<R>, columns: TableColumns<NoInfer<R>>): Table {
  if (Flow.partsOf(flow) === undefined) throw new MillraceError('InvalidArgument', 'table() takes a flow first')
  const plans = columnPlans('table', columns as SourceColumns)
  const nested = plans.find(({ type }) => type === 'list' || type === 'struct')
  if (nested !== undefined) {
    throw new MillraceError(
      'InvalidArgument',
      `table(): column ${JSON.stringify(nested.column)} is ${nested.type}: what is in it comes with the rows, leave it out`,
    )
  }
  return new Table(flow as Flow<unknown>, plans)
}
