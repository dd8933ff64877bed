import { MillraceError } from '../base/errors.js'
import type { AggregateFunction, AggregatePlan } from './plan.js'
import type { Column, NumericColumn, ScalarColumn } from './row-types.js'

declare const resultType: unique symbol

/** One aggregate of a groupBy; `T` is the type of its column. */
export interface Aggregate<T> {
  readonly fn: AggregateFunction
  readonly column?: string
  readonly by?: string
  readonly [resultType]?: T
}

export type AggregateResult<A> = A extends Aggregate<infer T> ? T : never

type SumOf<V> = [NonNullable<V>] extends [never] ? number : NonNullable<V> extends bigint ? bigint : number

/**
 * What the function given to `groupBy` chooses from. Nulls are skipped by all but `count`, `first` and `last`; no values at all give null.
 * Values that an aggregate cannot take end the run with `AggregateType`.
 */
export interface Aggregates<R> {
  /** Number of rows. */
  count(): Aggregate<number>
  /** Sum: floats are compensated (Neumaier), bigints exact and an error beyond 64 bits. */
  sum<C extends NumericColumn<R>>(column: C): Aggregate<SumOf<R[C]> | null>
  /** Mean, a number also of bigints. */
  avg(column: NumericColumn<R>): Aggregate<number | null>
  /** The least value in the order of columns: numbers (NaN last), text by UTF-16 code unit, false before true, dates by time, bytes by the first that differs. */
  min<C extends ScalarColumn<R>>(column: C): Aggregate<NonNullable<R[C]> | null>
  /** The greatest in the same order. */
  max<C extends ScalarColumn<R>>(column: C): Aggregate<NonNullable<R[C]> | null>
  /** Number of different values, counted exactly; all of a group's are kept in memory. */
  countDistinct(column: ScalarColumn<R>): Aggregate<number>
  /**
   * The value in the row where `by` is least, by the same order; rows without a `by` do not count. It may be null; of several such rows it is
   * the least value, so that it is the same at every run.
   */
  first<C extends Column<R>>(column: C, options: { readonly by: ScalarColumn<R> }): Aggregate<NonNullable<R[C]> | null>
  /** The same where `by` is greatest. */
  last<C extends Column<R>>(column: C, options: { readonly by: ScalarColumn<R> }): Aggregate<NonNullable<R[C]> | null>
}

// biome-ignore lint/suspicious/noExplicitAny: one builder serves every row type
const BUILDER: Aggregates<any> = Object.freeze({
  count: () => ({ fn: 'count' }) as Aggregate<number>,
  sum: (column: string) => of('sum', column),
  avg: (column: string) => of('avg', column),
  min: (column: string) => of('min', column),
  max: (column: string) => of('max', column),
  countDistinct: (column: string) => of('countDistinct', column),
  first: (column: string, options: { by: string }) => ofRow('first', column, options),
  last: (column: string, options: { by: string }) => ofRow('last', column, options),
})

// biome-ignore lint/suspicious/noExplicitAny: the types are given by the interface
function of(fn: AggregateFunction, column: string): Aggregate<any> {
  if (typeof column !== 'string') throw new MillraceError('InvalidArgument', `${fn}() takes the name of a column, got ${typeof column}`)
  return { fn, column }
}

// biome-ignore lint/suspicious/noExplicitAny: the types are given by the interface
function ofRow(fn: AggregateFunction, column: string, options: { readonly by: string } | undefined): Aggregate<any> {
  if (typeof options?.by !== 'string')
    throw new MillraceError('InvalidArgument', `${fn}() takes { by: column } as well: which row is the ${fn} one`)
  return { ...of(fn, column), by: options.by }
}

/** Runs the small function of a groupBy once and writes down what it chose. */
export function collectAggregates(
  keys: readonly string[],
  // biome-ignore lint/suspicious/noExplicitAny: one builder serves every row type
  choose: ((aggregates: Aggregates<any>) => object) | undefined,
  where: string,
): AggregatePlan[] {
  const chosen: unknown = choose === undefined ? {} : choose(BUILDER)
  if (typeof chosen !== 'object' || chosen === null) {
    throw new MillraceError('InvalidArgument', `${where}: the function must return an object such as { n: a.count() }`)
  }
  return Object.entries(chosen).map(([as, aggregate]) => {
    if (keys.includes(as)) throw new MillraceError('InvalidArgument', `${where}: result "${as}" has the name of a key: rename it`)
    refuseProto(as, where)
    if (!isAggregate(aggregate))
      throw new MillraceError('InvalidArgument', `${where}: result "${as}" is not an aggregate such as a.count()`)
    const { fn, column, by } = aggregate
    return { as, fn, ...(column === undefined ? {} : { column }), ...(by === undefined ? {} : { by }) }
  })
}

/** Plain assignment to that name would set a prototype instead of a column. */
export function refuseProto(column: string, where: string): void {
  if (column === '__proto__')
    throw new MillraceError('InvalidArgument', `${where}: "__proto__" cannot be a column here: rename it in a map`)
}

function isAggregate(value: unknown): value is Aggregate<unknown> {
  return typeof value === 'object' && value !== null && 'fn' in value && typeof value.fn === 'string' && Object.hasOwn(BUILDER, value.fn)
}
