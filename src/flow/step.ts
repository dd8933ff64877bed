import type {
  AggregatePlan,
  FunctionOperatorPlan,
  JoinOperatorPlan,
  OrderPlan,
  ReduceOperatorPlan,
  SinkOperatorPlan,
  SourcePlan,
  SqlPlan,
  SqlTablePlan,
  TopPerKeyOperatorPlan,
} from './plan.js'

/** What a flow is made of. */
export interface FlowParts {
  /** URL of the module of its stage functions. */
  readonly module: string
  readonly input: SourcePlan
  readonly steps: readonly Step[]
}

/** One call on the builder, already checked; `planFlow` turns a list of them into stages. */
export type Step =
  | Exclude<FunctionOperatorPlan, { op: 'perKey' } | ReduceOperatorPlan>
  | (Omit<ReduceOperatorPlan, 'op'> & { readonly op: 'reduceBy' })
  /** `order`: of the rows of each key. */
  | (Extract<FunctionOperatorPlan, { op: 'perKey' }> & { readonly order: OrderPlan })
  | SinkOperatorPlan
  | { readonly op: 'groupBy'; readonly keys: readonly string[]; readonly aggregates: readonly AggregatePlan[] }
  | (OrderPlan & { readonly op: 'sort' })
  | (Omit<TopPerKeyOperatorPlan, 'op'> & { readonly op: 'topPerKey' })
  | { readonly op: 'limit'; readonly rows: number }
  | { readonly op: 'hash'; readonly keys: readonly string[] }
  | { readonly op: 'roundRobin' | 'broadcast' | 'gather' | 'distinct' }
  | { readonly op: 'union'; readonly other: FlowParts }
  | SqlStep
  | (Omit<JoinOperatorPlan, 'right'> & { readonly right: FlowParts; readonly exchange: 'hash' | 'broadcast' | 'bySize' })

/** A statement over this flow's rows and those of others. */
export interface SqlStep extends SqlPlan {
  readonly op: 'sql'
  /** What the rows of this flow are in it. */
  readonly table: SqlTablePlan
  readonly others: readonly { readonly table: SqlTablePlan; readonly parts: FlowParts }[]
  /** Every worker runs it over what the exchange at the end of each flow brings there. */
  readonly isSpread: boolean
}
