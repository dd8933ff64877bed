import type { Flow } from 'millrace/flow'
import { type Column, list, orderedBy, POSITION, quoted } from './columns.js'

// biome-ignore lint/suspicious/noExplicitAny: flows of any shape are made at random
export type AnyFlow = Flow<any>

/** Rows from and to which there may be. */
export type Range = readonly [least: number, most: number]

/** How many rows a table of the database has. */
export type Count = (table: string) => number

/** Columns of a groupBy over some of the rows that the table is of: no count is greater there, no least value less. */
export interface Groups {
  readonly keys: readonly string[]
  readonly count: string
  readonly least: readonly string[]
  readonly most: readonly string[]
}

/** After a limit without an order the flow gives some of the rows of the table, so many. */
export interface Bound {
  range(count: Count): Range
  /** Some that stand first in the order of the table, which leaves open how equal ones stand. */
  readonly areFirst: boolean
  readonly groups?: Groups
}

/** A flow, and the table of a database that holds what it is to give. */
export interface Table {
  readonly job: AnyFlow
  readonly name: string
  readonly columns: readonly Column[]
  /** Whether its rows have a position, and whether each has one of its own or shares it with those that compare equal. */
  readonly order: 'total' | 'ties' | undefined
  readonly bound: Bound | undefined
  /** Columns of sums that are rounded. */
  readonly rounded: ReadonlySet<string>
}

/** Its columns, some by other expressions, and what its rows are ordered by. */
export function selected(
  { columns, order }: Pick<Table, 'columns' | 'order'>,
  set: Readonly<Record<string, string>> = {},
  position = quoted(POSITION),
): string {
  const names = columns.map(({ name }) => (Object.hasOwn(set, name) ? `${set[name]} AS ${quoted(name)}` : quoted(name)))
  return list(order === undefined ? names : [...names, `${position} AS ${quoted(POSITION)}`])
}

export interface SortKey {
  readonly column: Column
  readonly descending: boolean
}

export function orderBy(keys: readonly SortKey[]): string {
  return list(keys.map(({ column, descending }) => `${orderedBy(column)} ${descending ? 'DESC' : 'ASC'} NULLS LAST`))
}

/** Some of `before` rows were left out of a bounded table. */
export function afterFilter(bound: Bound | undefined, before: string, after: string): Bound | undefined {
  return changed(bound, ([least, most], count) => [Math.max(0, least - (count(before) - count(after))), Math.min(most, count(after))])
}

/** The same rows may have become fewer or more. */
export function changed(bound: Bound | undefined, change: (range: Range, count: Count) => Range): Bound | undefined {
  return bound && { range: (count) => change(bound.range(count), count), areFirst: false }
}
