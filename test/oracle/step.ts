import type { Dice } from '../fuzz/dice.js'
import { keysOf, pickSome } from './columns.js'
import type { Maker } from './maker.js'
import type { AnyFlow, SortKey, Table } from './table.js'
import type { Twin } from './twins.js'

/** How a step is drawn. */
export interface Terms {
  readonly dice: Dice
  /** Nothing follows: the answer may leave open what a step behind it could not. */
  readonly isLast: boolean
  /** What is joined to it or put together with it. */
  right(): Table
  /** It is joined by its column `n`, of which each value is there once. */
  readonly byNumber: boolean
}

export type Apply = (maker: Maker, table: Table, terms: Terms) => Table | undefined

export function called(job: AnyFlow, op: 'map' | 'filter' | 'flatMap', { by, fn, params }: Twin): AnyFlow {
  return (job[by ?? op] as (fn: unknown, options: object) => unknown).call(job, fn, { params }) as AnyFlow
}

/** Whether an order can leave nothing open. */
export function isOrderable({ columns }: Table): boolean {
  return columns.length === keysOf(columns).length
}

/** What rows are ordered by: some columns, or all. */
export function drawSort({ columns }: Table, dice: Dice, isTotal: boolean): SortKey[] {
  const some = pickSome(keysOf(columns), 3, dice)
  const rest = isTotal ? columns.filter((each) => !some.includes(each)) : []
  return [...some, ...rest].map((each) => ({ column: each, descending: dice.chance(0.4) }))
}
