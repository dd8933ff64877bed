import type { SinkPlan } from './sink-plan.js'

declare const rowType: unique symbol

/** Where rows of type `R` go, and as what. Made by `to`; no file is touched before the flow runs. */
export interface Sink<in R> {
  readonly sink: SinkPlan
  readonly [rowType]?: (row: R) => void
}
