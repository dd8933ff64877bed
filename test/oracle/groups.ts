import type { Dice } from '../fuzz/dice.js'
import { type Column, column, keysOf, list, orderedBy, pickAny, pickSome, quoted } from './columns.js'
import type { Maker } from './maker.js'
import { firstOfKey, tally } from './stages.js'
import { drawSort, isOrderable, type Terms } from './step.js'
import { type AnyFlow, changed, orderBy, selected, type Table } from './table.js'

interface Aggregated {
  readonly as: Column
  readonly fn: 'count' | 'sum' | 'avg' | 'min' | 'max' | 'countDistinct' | 'first' | 'last'
  readonly from?: Column
  /** The column that decides which row is the first or last. */
  readonly by?: Column
  readonly sql: string
  readonly isRounded: boolean
}

export function groupBy(maker: Maker, table: Table, { dice, isLast }: Terms): Table | undefined {
  const keys = pickSome(keysOf(table.columns), 3, dice)
  if (keys.length === 0) return undefined
  const aggregates = [
    { as: column(maker.fresh(), 'number', true), fn: 'count', sql: 'CAST(count(*) AS DOUBLE)', isRounded: false } as const,
    ...Array.from({ length: 1 + dice.int(6) }, () => drawAggregate(maker, table.columns, dice, isLast)),
  ]
  const names = keys.map(({ name }) => name)
  maker.keys(table, names)
  for (const { fn, from } of aggregates) maker.aggregate(fn, from?.kind ?? 'rows')
  const job = table.job.groupBy(names, (a) =>
    Object.fromEntries(aggregates.map(({ as, fn, from, by }) => [as.name, a[fn](from?.name as never, { by: by?.name as never })])),
  )
  const columns = [...keys, ...aggregates.map(({ as }) => as)]
  const group = list(names.map(quoted))
  const name = maker.create(
    `SELECT ${list([group, ...aggregates.map(({ as, sql }) => `${sql} AS ${quoted(as.name)}`)])} FROM ${table.name} GROUP BY ${group}`,
  )
  const resultsOf = (fn: string): string[] => aggregates.filter((each) => each.fn === fn).map(({ as }) => as.name)
  const groups = { keys: names, count: aggregates[0].as.name, least: resultsOf('min'), most: resultsOf('max') }
  const rounded = new Set(aggregates.filter(({ isRounded }) => isRounded).map(({ as }) => as.name))
  return { job, name, columns, order: undefined, bound: table.bound && { ...table.bound, areFirst: false, groups }, rounded }
}

/** Sums that are rounded are drawn only where nothing is done with them. */
function drawAggregate(maker: Maker, columns: readonly Column[], dice: Dice, isLast: boolean): Aggregated {
  const from = pickAny(columns, dice)
  const { kind, addsExactly } = from
  const x = quoted(from.name)
  const as = (of: typeof kind, adds = false): Column => column(maker.fresh(), of, adds)
  const isNumber = kind === 'number'
  if (kind === 'bigint' && dice.chance(0.3)) return { as: as(kind), fn: 'sum', from, sql: `CAST(sum(${x}) AS BIGINT)`, isRounded: false }
  if (kind === 'bigint' && isLast && dice.chance(0.3)) return { as: as('number'), fn: 'avg', from, sql: `avg(${x})`, isRounded: true }
  if (isNumber && (addsExactly || isLast) && dice.chance(0.6)) {
    const fn = dice.pick(['sum', 'avg'] as const)
    // What DuckDB compensates is NaN where it is not finite.
    const sql = addsExactly ? `${fn}(${x})` : `CASE WHEN isfinite(sum(${x})) THEN f${fn}(${x}) ELSE ${fn}(${x}) END`
    return { as: as('number', addsExactly && fn === 'sum'), fn, from, sql, isRounded: !addsExactly }
  }
  if (dice.chance(0.15))
    return { as: as('number', true), fn: 'countDistinct', from, sql: `CAST(count(DISTINCT ${x}) AS DOUBLE)`, isRounded: false }
  if (dice.chance(0.25)) return drawOfRow(as(kind, addsExactly), from, pickAny(columns, dice), dice)
  const fn = dice.pick(['min', 'max'] as const)
  const sql = kind === 'text' ? `arg_${fn}(${x}, ${orderedBy(from)})` : `${fn}(${x})`
  return { as: as(kind, addsExactly), fn, from, sql, isRounded: false }
}

/** Of several rows that are first, or last, the one with the least value counts. */
function drawOfRow(as: Column, from: Column, by: Column, dice: Dice): Aggregated {
  const fn = dice.pick(['first', 'last'] as const)
  const order = `${orderedBy(by)} ${fn === 'first' ? 'ASC' : 'DESC'}, ${orderedBy(from)} ASC NULLS LAST`
  return {
    as,
    fn,
    from,
    by,
    sql: `first(${quoted(from.name)} ORDER BY ${order}) FILTER (${quoted(by.name)} IS NOT NULL)`,
    isRounded: false,
  }
}

export function reduceBy(maker: Maker, table: Table, { dice }: Terms): Table | undefined {
  const keys = pickSome(keysOf(table.columns), 3, dice)
  if (keys.length === 0) return undefined
  const names = keys.map(({ name }) => name)
  maker.keys(table, names)
  const from = dice.pick(table.columns).name
  const [rows, known] = [maker.fresh(), maker.fresh()]
  const job = table.job.reduceBy(names, tally as never, { params: { column: from, rows, known } } as never) as unknown as AnyFlow
  const group = list(names.map(quoted))
  const counts = `CAST(count(*) AS DOUBLE) AS ${quoted(rows)}, CAST(count(${quoted(from)}) AS DOUBLE) AS ${quoted(known)}`
  const name = maker.create(`SELECT ${group}, ${counts} FROM ${table.name} GROUP BY ${group}`)
  const columns = [...keys, column(rows, 'number', true), column(known, 'number', true)]
  const groups = { keys: names, count: rows, least: [], most: [known] }
  return { ...table, job, name, columns, order: undefined, bound: table.bound && { ...table.bound, areFirst: false, groups } }
}

/** The keys, and the first rows of each, whose order leaves nothing open. */
function firstPerKey(maker: Maker, table: Table, dice: Dice): { keys: string[]; by: unknown[]; most: number; number: string } {
  const keys = pickSome(keysOf(table.columns), 2, dice).map(({ name }) => name)
  maker.keys(table, keys)
  const order = drawSort(table, dice, true)
  const by = order.map(({ column: { name }, descending }) => (descending ? maker.engine.desc(name) : name))
  const number = `row_number() OVER (PARTITION BY ${list(keys.map(quoted))} ORDER BY ${orderBy(order)})`
  return { keys, by, most: dice.pick([1, 2, 3, 10]), number }
}

/** Which rows come first is another question where only some are there: then those that come are some of them. */
function keptPerKey(maker: Maker, table: Table, job: AnyFlow, where: string): Table {
  const plain = { ...table, job, order: undefined }
  const bound = changed(table.bound, ([least, most]) => [Math.min(least, 1), most])
  return bound === undefined
    ? { ...plain, name: maker.create(`SELECT ${selected(plain)} FROM ${table.name} QUALIFY ${where}`) }
    : { ...plain, bound }
}

export function topPerKey(maker: Maker, table: Table, { dice }: Terms): Table | undefined {
  if (!isOrderable(table)) return undefined
  const { keys, by, most, number } = firstPerKey(maker, table, dice)
  return keptPerKey(maker, table, table.job.topPerKey(keys, { orderBy: by as never, rows: most }), `${number} <= ${most}`)
}

export function perKey(maker: Maker, table: Table, { dice }: Terms): Table | undefined {
  if (!isOrderable(table)) return undefined
  const { keys, by, most, number } = firstPerKey(maker, table, dice)
  const as = table.bound === undefined ? maker.fresh() : null
  const options = { orderBy: by, params: { as, most } }
  const job = table.job.perKey(keys, options as never, firstOfKey as never) as unknown as AnyFlow
  const kept = keptPerKey(maker, table, job, `${number} <= ${most}`)
  if (as === null) return kept
  const columns = [...table.columns, column(as, 'number', true)]
  const numbered = { columns, order: undefined }
  const name = maker.create(
    `SELECT ${selected(numbered, { [as]: `CAST(${number} - 1 AS DOUBLE)` })} FROM ${table.name} QUALIFY ${number} <= ${most}`,
  )
  return { ...kept, columns, name }
}
