import { type Column, keysOf, POSITION, pickSome, quoted, SQL_TYPES } from './columns.js'
import { groupBy, perKey, reduceBy, topPerKey } from './groups.js'
import { JOIN_OPS, type JoinOp, joins, union } from './joins.js'
import type { Maker } from './maker.js'
import { type Apply, called, drawSort, isOrderable, type Terms } from './step.js'
import { afterFilter, changed, orderBy, type SortKey, selected, type Table } from './table.js'
import { drawTwin } from './twins.js'

/** What a flow is made of. `top` is a sort and a limit. */
export const OPS = [
  'map',
  'filter',
  'flatMap',
  'groupBy',
  'reduceBy',
  'perKey',
  'topPerKey',
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

/** Of these come more rows than were there. */
export const GROWING: ReadonlySet<Op> = new Set<Op>(['flatMap', 'union', ...JOIN_OPS.filter((op) => /inner|left/.test(op))])

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

function sort(maker: Maker, table: Table, { dice, isLast }: Terms): Table | undefined {
  if (keysOf(table.columns).length === 0) return undefined
  const isTotal = isOrderable(table) && (!isLast || dice.chance(0.5))
  return sortedBy(maker, table, drawSort(table, dice, isTotal), isTotal)
}

function top(maker: Maker, table: Table, terms: Terms): Table | undefined {
  const sorted = sort(maker, table, terms)
  return sorted && limitedTo(maker, sorted, terms.dice.pick([1, 3, 10, 40, 400]))
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

function distinctOf(maker: Maker, table: Table, columns: readonly Column[], job: Table['job']): Table {
  const plain = { ...table, columns, order: undefined }
  const name = maker.create(`SELECT DISTINCT ${selected(plain)} FROM ${table.name}`)
  const bound = changed(table.bound, ([least, most], count) => [Math.min(least, 1), Math.min(most, count(name))])
  return { ...plain, job, name, bound }
}

function distinctBy(maker: Maker, table: Table, { dice }: Terms): Table | undefined {
  const columns = pickSome(keysOf(table.columns), 3, dice)
  if (columns.length === 0) return undefined
  maker.keys(
    table,
    columns.map(({ name }) => name),
  )
  return distinctOf(maker, table, columns, table.job.distinct(...columns.map(({ name }) => name)))
}

function hash(maker: Maker, table: Table, { dice }: Terms): Table | undefined {
  const keys = pickSome(keysOf(table.columns), 2, dice).map(({ name }) => name)
  if (keys.length === 0) return undefined
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
  reduceBy,
  perKey,
  topPerKey,
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
