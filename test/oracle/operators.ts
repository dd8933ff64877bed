import type { Dice } from '../fuzz/dice.js'
import { type Column, column, KINDS, list, orderedBy, POSITION, pickAny, pickKind, pickSome, quoted, SQL_TYPES } from './columns.js'
import type { Maker } from './maker.js'
import { type AnyFlow, afterFilter, changed, orderBy, type SortKey, selected, type Table } from './table.js'
import { drawTwin, shape, type Twin } from './twins.js'

const JOINS = ['inner', 'left', 'semi', 'anti'] as const
const EXCHANGES = ['hash', 'broadcast'] as const
type JoinKind = (typeof JOINS)[number]
type JoinOp = `${JoinKind} ${(typeof EXCHANGES)[number]}`

const JOIN_OPS = JOINS.flatMap((kind) => EXCHANGES.map((exchange): JoinOp => `${kind} ${exchange}`))

/** What a flow is made of. `top` is a sort and a limit. */
export const OPS = [
  'map',
  'filter',
  'flatMap',
  'groupBy',
  ...JOIN_OPS,
  'union',
  'distinct',
  'distinctBy',
  'sort',
  'top',
  'limit',
  'hash',
  'roundRobin',
  'gather',
] as const
export type Op = (typeof OPS)[number]

/** These keep the rows that they are joined with. */
export const JOINING: ReadonlySet<Op> = new Set<Op>(JOIN_OPS)

/** Of these come more rows than were there. */
export const GROWING: ReadonlySet<Op> = new Set<Op>(['flatMap', 'union', ...JOIN_OPS.filter((op) => /inner|left/.test(op))])

/** How a step is drawn. */
export interface Terms {
  readonly dice: Dice
  /** Nothing follows: the answer may leave open what a step behind it could not. */
  readonly isLast: boolean
  /** What is joined to it or put together with it. */
  right(): Table
}

type Apply = (maker: Maker, table: Table, terms: Terms) => Table | undefined

const calls =
  (op: 'map' | 'filter' | 'flatMap'): Apply =>
  (maker, table, { dice }) => {
    const twin = drawTwin(op, table.columns, dice, maker.fresh())
    const { columns, set, where, each } = twin
    const job = called(table.job, op, twin)
    if (each !== undefined) return flatMapped(maker, { ...table, job, columns }, each)
    const filtered = where === undefined ? '' : ` WHERE ${where}`
    const name = maker.create(`SELECT ${selected({ columns, order: table.order }, set)} FROM ${table.name}${filtered}`)
    return { ...table, job, name, columns, bound: afterFilter(table.bound, table.name, name) }
  }

function called(job: AnyFlow, op: 'map' | 'filter' | 'flatMap', { fn, params }: Twin): AnyFlow {
  return job[op](fn as never, { params } as never) as unknown as AnyFlow
}

/** Each row gives its items in their order. */
function flatMapped(maker: Maker, table: Table, { items, as }: { items: string; as: string }): Table {
  const order = table.bound === undefined ? table.order : undefined
  const { kind } = table.columns.find(({ name }) => name === as) as Column
  const rows = `SELECT *, unnest(${items}) AS __item, generate_subscripts(${items}, 1) AS __index FROM ${table.name}`
  const position = order === 'total' ? `row_number() OVER (ORDER BY ${quoted(POSITION)}, __index)` : quoted(POSITION)
  const set = { [as]: `CAST(__item AS ${SQL_TYPES[kind]})` }
  const name = maker.create(`SELECT ${selected({ ...table, order }, set, position)} FROM (${rows})`)
  return { ...table, name, order, bound: changed(table.bound, (_range, count) => [0, count(name)]) }
}

interface Aggregated {
  readonly as: Column
  readonly fn: 'count' | 'sum' | 'avg' | 'min' | 'max'
  readonly from?: Column
  readonly sql: string
  readonly isRounded: boolean
}

function groupBy(maker: Maker, table: Table, { dice, isLast }: Terms): Table {
  const keys = pickSome(table.columns, 3, dice)
  const aggregates = [
    { as: column(maker.fresh(), 'number', true), fn: 'count', sql: 'CAST(count(*) AS DOUBLE)', isRounded: false } as const,
    ...Array.from({ length: 1 + dice.int(6) }, () => drawAggregate(maker, pickAny(table.columns, dice), dice, isLast)),
  ]
  const names = keys.map(({ name }) => name)
  maker.keys(table, names)
  for (const { fn, from } of aggregates) maker.aggregate(fn, from?.kind ?? 'rows')
  const job = table.job.groupBy(names, (a) =>
    Object.fromEntries(aggregates.map(({ as, fn, from }) => [as.name, fn === 'count' ? a.count() : a[fn]((from as Column).name as never)])),
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
function drawAggregate(maker: Maker, from: Column, dice: Dice, isLast: boolean): Aggregated {
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
  const fn = dice.pick(['min', 'max'] as const)
  const sql = kind === 'text' ? `arg_${fn}(${x}, ${orderedBy(from)})` : `${fn}(${x})`
  return { as: as(kind, addsExactly), fn, from, sql, isRounded: false }
}

function drawSort(table: Table, dice: Dice, isTotal: boolean): SortKey[] {
  const some = pickSome(table.columns, 3, dice)
  const rest = isTotal ? table.columns.filter((each) => !some.includes(each)) : []
  return [...some, ...rest].map((each) => ({ column: each, descending: dice.chance(0.4) }))
}

function sortedBy(maker: Maker, table: Table, keys: readonly SortKey[], isTotal: boolean): Table {
  maker.keys(
    table,
    keys.map(({ column: { name } }) => name),
  )
  const by = keys.map(({ column: { name }, descending }) => (descending ? maker.engine.desc(name) : name))
  const order = isTotal ? 'total' : 'ties'
  const position = `${isTotal ? 'row_number' : 'dense_rank'}() OVER (ORDER BY ${orderBy(keys)})`
  const name = maker.create(`SELECT ${selected({ ...table, order }, {}, position)} FROM ${table.name}`)
  return { ...table, job: table.job.sort(...by), name, order, bound: changed(table.bound, (range) => range) }
}

function sort(maker: Maker, table: Table, { dice, isLast }: Terms): Table {
  const isTotal = !isLast || dice.chance(0.5)
  return sortedBy(maker, table, drawSort(table, dice, isTotal), isTotal)
}

function top(maker: Maker, table: Table, terms: Terms): Table {
  return limitedTo(maker, sort(maker, table, terms), terms.dice.pick([1, 3, 10, 40, 400]))
}

/** More rows than any table has. */
const ALL = 1_000_000

function limit(maker: Maker, table: Table, { dice }: Terms): Table {
  return limitedTo(maker, table, dice.pick([0, ALL, 1, 3, 3, 5, 5, 7, 7, 10, 40, 150]))
}

function limitedTo(maker: Maker, table: Table, rows: number): Table {
  const job = table.job.limit(rows)
  const { bound, order } = table
  if (rows === ALL) return { ...table, job }
  if (rows === 0) return { ...table, job, name: maker.create(`SELECT * FROM ${table.name} LIMIT 0`), bound: undefined }
  if (order === 'total' && bound === undefined)
    return { ...table, job, name: maker.create(`SELECT * FROM ${table.name} ORDER BY ${quoted(POSITION)} LIMIT ${rows}`) }
  const range = bound?.range ?? ((count) => [count(table.name), count(table.name)] as const)
  return {
    ...table,
    job,
    bound: {
      range: (count) => {
        const [least, most] = range(count)
        return [Math.min(rows, least), Math.min(rows, most)]
      },
      areFirst: order === 'ties' && bound === undefined,
    },
  }
}

const joins =
  (op: JoinOp): Apply =>
  (maker, table, { dice, right: drawRight }) => {
    const [kind, exchange] = op.split(' ') as [JoinKind, string]
    const right = drawRight()
    const pairs = drawPairs(table.columns, right.columns, dice)
    if (pairs.length === 0) return undefined
    const suffix = `_${maker.fresh()}`
    const on = Object.fromEntries(pairs.map(([here, there]) => [here, there]))
    const job = table.job.join(right.job, { on, kind, exchange, suffix } as never)
    const matches = pairs.map(([here, there]) => `l.${quoted(here)} = r.${quoted(there)}`).join(' AND ')
    const plain = { ...table, order: undefined }
    maker.keys(
      table,
      pairs.map(([here]) => here),
    )
    maker.keys(
      right,
      pairs.map(([, there]) => there),
    )
    if (kind === 'semi' || kind === 'anti') {
      const exists = `${kind === 'anti' ? 'NOT ' : ''}EXISTS (FROM ${right.name} r WHERE ${matches})`
      const name = maker.create(`SELECT ${selected(plain)} FROM ${table.name} l WHERE ${exists}`)
      return { ...plain, job, name, bound: afterFilter(table.bound, table.name, name) }
    }
    const theirs = right.columns.filter(({ name }) => pairs.every(([, there]) => there !== name))
    const added = theirs.map((each) => ({ ...each, name: `${each.name}${suffix}` }))
    const ours = table.columns.map(({ name }) => `l.${quoted(name)}`)
    const columns = list([...ours, ...theirs.map(({ name }, index) => `r.${quoted(name)} AS ${quoted(added[index].name)}`)])
    const name = maker.create(`SELECT ${columns} FROM ${table.name} l ${kind === 'left' ? 'LEFT ' : ''}JOIN ${right.name} r ON ${matches}`)
    const bound = changed(table.bound, ([least], count) => [kind === 'left' ? least : 0, count(name)])
    return { ...plain, job, name, columns: [...table.columns, ...added], bound }
  }

/** One or two pairs of columns of one kind, no column twice. */
function drawPairs(left: readonly Column[], right: readonly Column[], dice: Dice): [string, string][] {
  const kinds = KINDS.filter((kind) => [left, right].every((columns) => columns.some((each) => each.kind === kind)))
  if (kinds.length === 0) return []
  const pairs: [string, string][] = []
  for (let times = 1 + dice.int(2); times > 0; times--) {
    const kind = dice.pick(kinds)
    const here = pickKind(left, kind, dice) as Column
    const like = dice.chance(0.7) ? right.find(({ name }) => name === here.name) : undefined
    const there = like?.kind === kind ? like : (pickKind(right, kind, dice) as Column)
    if (pairs.every((pair) => pair[0] !== here.name && pair[1] !== there.name)) pairs.push([here.name, there.name])
  }
  return pairs
}

function union(maker: Maker, table: Table, { dice, right: drawRight }: Terms): Table {
  const plain = { ...table, order: undefined }
  const itself = dice.chance(0.3)
  const other = itself ? plain : shapedLike(maker, table.columns, drawRight(), dice)
  const name = maker.create(`SELECT ${selected(plain)} FROM ${table.name} UNION ALL SELECT ${selected(plain)} FROM ${other.name}`)
  const bound = changed(table.bound, ([least, most], count) =>
    itself ? [2 * least, 2 * most] : [least + count(other.name), most + count(other.name)],
  )
  const addsExactly = (each: Column): boolean => other.columns.every(({ name: same, ...more }) => same !== each.name || more.addsExactly)
  const columns = table.columns.map((each) => ({ ...each, addsExactly: each.addsExactly && addsExactly(each) }))
  return { ...plain, job: table.job.union(other.job), name, columns, bound }
}

/** A table with the names and kinds of other columns. */
function shapedLike(maker: Maker, columns: readonly Column[], table: Table, dice: Dice): Table {
  const twin = shape(columns.map((like) => ({ as: like.name, from: pickKind(table.columns, like.kind, dice) ?? { missing: like } })))
  const name = maker.create(`SELECT ${selected({ columns: twin.columns, order: undefined }, twin.set)} FROM ${table.name}`)
  return { ...table, job: called(table.job, 'map', twin), name, columns: twin.columns, order: undefined }
}

function distinctOf(maker: Maker, table: Table, columns: readonly Column[], job: Table['job']): Table {
  const plain = { ...table, columns, order: undefined }
  const name = maker.create(`SELECT DISTINCT ${selected(plain)} FROM ${table.name}`)
  const bound = changed(table.bound, ([least, most], count) => [Math.min(least, 1), Math.min(most, count(name))])
  return { ...plain, job, name, bound }
}

function distinctBy(maker: Maker, table: Table, { dice }: Terms): Table {
  const columns = pickSome(table.columns, 3, dice)
  maker.keys(
    table,
    columns.map(({ name }) => name),
  )
  return distinctOf(maker, table, columns, table.job.distinct(...columns.map(({ name }) => name)))
}

function hash(maker: Maker, table: Table, { dice }: Terms): Table {
  const keys = pickSome(table.columns, 2, dice).map(({ name }) => name)
  maker.keys(table, keys)
  return { ...table, job: table.job.exchange.hash(...keys), order: undefined, bound: changed(table.bound, (range) => range) }
}

const moved =
  (how: 'roundRobin' | 'gather'): Apply =>
  (_maker, table) => ({ ...table, job: table.job.exchange[how](), order: undefined, bound: changed(table.bound, (range) => range) })

/** One step of a flow, and the same in SQL; undefined where the columns do not allow it. */
export const APPLY: { readonly [O in Op]: Apply } = {
  map: calls('map'),
  filter: calls('filter'),
  flatMap: calls('flatMap'),
  groupBy,
  ...(Object.fromEntries(JOIN_OPS.map((op) => [op, joins(op)])) as Record<JoinOp, Apply>),
  union,
  distinct: (maker, table) => distinctOf(maker, table, table.columns, table.job.distinct()),
  distinctBy,
  sort,
  top,
  limit,
  hash,
  roundRobin: moved('roundRobin'),
  gather: moved('gather'),
}
