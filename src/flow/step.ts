import type { AggregatePlan, FunctionOperatorPlan, JoinOperatorPlan, OrderKey, SourcePlan } from './plan.js'

/** What a flow is made of. */
export interface FlowParts {
  /** URL of the module of its stage functions. */
  readonly module: string
  readonly input: SourcePlan
  readonly steps: readonly Step[]
}

/** One call on the builder, already checked; `buildPlan` turns a list of them into stages. */
export type Step =
  | FunctionOperatorPlan
  | { readonly op: 'groupBy'; readonly keys: readonly string[]; readonly aggregates: readonly AggregatePlan[] }
  | { readonly op: 'sort'; readonly by: readonly OrderKey[] }
  | { readonly op: 'limit'; readonly rows: number }
  | { readonly op: 'hash'; readonly keys: readonly string[] }
  | { readonly op: 'roundRobin' | 'gather' | 'distinct' }
  | { readonly op: 'union'; readonly other: FlowParts }
  | (Omit<JoinOperatorPlan, 'right'> & { readonly right: FlowParts; readonly exchange: 'hash' | 'broadcast' })
