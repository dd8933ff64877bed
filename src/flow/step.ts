import type { AggregatePlan, FunctionOperatorPlan, OrderKey } from './plan.js'

/** One call on the builder, already checked; `buildPlan` turns a list of them into stages. */
export type Step =
  | FunctionOperatorPlan
  | { readonly op: 'groupBy'; readonly keys: readonly string[]; readonly aggregates: readonly AggregatePlan[] }
  | { readonly op: 'sort'; readonly by: readonly OrderKey[] }
  | { readonly op: 'limit'; readonly rows: number }
  | { readonly op: 'hash'; readonly keys: readonly string[] }
