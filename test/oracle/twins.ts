import type { Dice } from '../fuzz/dice.js'
import { type Column, column, type Kind, literal, pickKind, pickSome, quoted, SQL_TYPES } from './columns.js'
import { TEXTS } from './dataset.js'
import * as stages from './stages.js'

/** A stage function with its parameters, and the same in SQL. */
export interface Twin {
  /** By which step it is called, where not by that of its list. */
  readonly by?: 'mapBatches' | 'mapColumns' | 'mapAsync'
  readonly fn: (row: never, ctx: never) => unknown
  readonly params: Readonly<Record<string, unknown>>
  readonly columns: readonly Column[]
  /** Expressions of columns that are new or changed. */
  readonly set?: Readonly<Record<string, string>>
  /** Which rows stay. */
  readonly where?: string
  /** A list for each row: as many rows come of it, `as` of which holds the items. */
  readonly each?: { readonly items: string; readonly as: string }
}

/** Undefined where the columns have nothing for it. `fresh` is the name of a column that is not there. */
type Draw = (columns: readonly Column[], dice: Dice, fresh: string) => Twin | undefined

const NUMBERS = [-2.5, -1, 0, 0.25, 1, 3, 100]

/** A function of one column, whose result takes its place or stands in a new one. */
function ofColumn(
  kind: Kind,
  result: Kind,
  draw: (from: string, dice: Dice) => { fn: Twin['fn']; more?: object; sql: string; addsExactly?: boolean },
): Draw {
  return (columns, dice, fresh) => {
    const from = pickKind(columns, kind, dice)
    if (from === undefined) return undefined
    const as = kind === result && dice.chance(0.5) ? from.name : fresh
    const { fn, more = {}, sql, addsExactly = kind === result && from.addsExactly } = draw(quoted(from.name), dice)
    return {
      fn,
      params: { column: from.name, as, ...more },
      columns: [...columns.filter(({ name }) => name !== as), column(as, result, addsExactly)],
      set: { [as]: sql },
    }
  }
}

function where(kind: Kind | undefined, draw: (from: string, dice: Dice) => { fn: Twin['fn']; more?: object; sql: string }): Draw {
  return (columns, dice) => {
    const from = kind === undefined ? dice.pick(columns) : pickKind(columns, kind, dice)
    if (from === undefined) return undefined
    const { fn, more = {}, sql } = draw(quoted(from.name), dice)
    return { fn, params: { column: from.name, ...more }, columns, where: sql }
  }
}

/** A number more, row by row, of many rows at once, or later. */
const plus =
  (kind: 'number' | 'bigint', by: Twin['by']): Draw =>
  (columns, dice, fresh) => {
    const fn = { mapBatches: stages.plusOfMany, mapColumns: stages.plusOfColumns, mapAsync: stages.plusLater, map: stages.plus }[
      by ?? 'map'
    ]
    const more = kind === 'number' ? dice.pick(NUMBERS) : BigInt(dice.int(100) - 50)
    const twin = ofColumn(kind, kind, (x) => ({ fn, more: { by: more }, sql: `${x} + ${literal(more)}` }))(columns, dice, fresh)
    return twin && { ...twin, ...(by !== undefined && { by }) }
  }

const MAPS: readonly Draw[] = [
  plus('number', undefined),
  plus('number', 'mapBatches'),
  plus('number', 'mapColumns'),
  plus('number', 'mapAsync'),
  plus('bigint', undefined),
  plus('bigint', 'mapBatches'),
  plus('bigint', 'mapColumns'),
  ofColumn('text', 'text', (x, dice) => {
    const text = dice.pick(TEXTS)
    return { fn: stages.suffixed, more: { text }, sql: `${x} || ${literal(text)}` }
  }),
  ofColumn('text', 'number', (x) => ({ fn: stages.lengthOf, sql: `CAST(length(${x}) AS DOUBLE)`, addsExactly: true })),
  ofColumn('number', 'boolean', (x, dice) => {
    const than = dice.pick(NUMBERS)
    return { fn: stages.above, more: { than }, sql: `${x} > ${literal(than)} AND NOT isnan(${x})` }
  }),
  ofColumn('boolean', 'boolean', (x) => ({ fn: stages.negated, sql: `NOT ${x}` })),
  ofColumn('number', 'bigint', (x) => ({ fn: stages.toBigint, sql: `CASE WHEN abs(${x}) < 1e9 THEN CAST(trunc(${x}) AS BIGINT) END` })),
  ofColumn('bigint', 'number', (x) => ({ fn: stages.toNumber, sql: `CAST(${x} AS DOUBLE)` })),
  ofColumn('number', 'date', (x) => ({
    fn: stages.toDate,
    sql: `CASE WHEN abs(${x}) < 1e9 THEN make_timestamp(CAST(trunc(${x}) AS BIGINT) * 1000000) END`,
  })),
  ofColumn('date', 'date', (x, dice) => {
    const days = dice.int(5)
    return { fn: stages.later, more: { days }, sql: `${x} + INTERVAL ${days} DAY` }
  }),
  ofColumn('date', 'number', (x) => ({ fn: stages.milliseconds, sql: `CAST(epoch_ms(${x}) AS DOUBLE)` })),
  ofColumn('text', 'text', (x, dice) => {
    const value = dice.pick(TEXTS)
    return { fn: stages.blanked, more: { value }, sql: `NULLIF(${x}, ${literal(value)})` }
  }),
  ofColumn('number', 'number', (x, dice) => {
    const value = dice.int(5)
    return { fn: stages.blanked, more: { value }, sql: `NULLIF(${x}, ${literal(value)})` }
  }),
  ofColumn('boolean', 'boolean', (x, dice) => {
    const value = dice.chance(0.5)
    return { fn: stages.filled, more: { value }, sql: `COALESCE(${x}, ${literal(value)})` }
  }),
  ofColumn('bigint', 'bigint', (x) => ({ fn: stages.filled, more: { value: -1n }, sql: `COALESCE(${x}, -1)` })),
  ofColumn('text', 'bytes', (x) => ({ fn: stages.toBytes, sql: `encode(${x})` })),
  ofColumn('bytes', 'number', (x) => ({ fn: stages.byteLength, sql: `CAST(octet_length(${x}) AS DOUBLE)`, addsExactly: true })),
  ofColumn('text', 'list', (x) => ({ fn: stages.toList, sql: `string_split(${x}, ' ')` })),
  ofColumn('list', 'number', (x) => ({ fn: stages.listLength, sql: `CAST(len(${x}) AS DOUBLE)`, addsExactly: true })),
  ofColumn('object', 'number', (x) => ({ fn: stages.fieldOf, sql: `${x}.x` })),
  (columns, dice, as) => {
    const [x, y] = [pickKind(columns, 'number', dice), pickKind(columns, 'text', dice)]
    if (x === undefined || y === undefined) return undefined
    const sql = `struct_pack(x := ${quoted(x.name)}, y := ${quoted(y.name)})`
    return { fn: stages.toObject, params: { x: x.name, y: y.name, as }, columns: [...columns, column(as, 'object')], set: { [as]: sql } }
  },
  (columns, dice, fresh) => {
    if (columns.length < 3) return undefined
    const kept = pickSome(columns, columns.length, dice)
    return shape(kept.map((from, index) => ({ from, as: index === 0 ? fresh : from.name })))
  },
]

/** The same columns by other names and without others; a column of nulls where there is none. */
export function shape(wanted: readonly { readonly as: string; readonly from: Column | { readonly missing: Column } }[]): Twin {
  const named = wanted.map(({ as, from }) => ({
    as,
    from: 'missing' in from ? undefined : from,
    like: 'missing' in from ? from.missing : from,
  }))
  return {
    fn: stages.shaped,
    params: { columns: named.map(({ as, from }) => ({ as, from: from?.name ?? null })) },
    columns: named.map(({ as, like }) => ({ ...like, name: as })),
    set: Object.fromEntries(
      named.map(({ as, from, like }) => [as, from === undefined ? `CAST(NULL AS ${SQL_TYPES[like.kind]})` : quoted(from.name)]),
    ),
  }
}

const FILTERS: readonly Draw[] = [
  where('number', (x, dice) => {
    const than = dice.pick(NUMBERS)
    return { fn: stages.exceeds, more: { than }, sql: `${x} > ${literal(than)} AND NOT isnan(${x})` }
  }),
  where(undefined, (x) => ({ fn: stages.isKnown, sql: `${x} IS NOT NULL` })),
  where('text', (x, dice) => {
    const value = dice.pick(TEXTS)
    return { fn: stages.differs, more: { value }, sql: `${x} IS DISTINCT FROM ${literal(value)}` }
  }),
  where('boolean', (x) => ({ fn: stages.isTrue, sql: x })),
  where('bigint', (x) => ({ fn: stages.isOdd, sql: `${x} % 2 <> 0` })),
  where('date', (x, dice) => {
    const ms = dice.int(30) * 86_400_000
    return { fn: stages.isBefore, more: { date: new Date(ms) }, sql: `${x} < make_timestamp(${ms * 1000})` }
  }),
]

function each(
  columns: readonly Column[],
  fn: Twin['fn'],
  params: { as: string; times?: number; column?: string },
  item: Column,
  items: string,
): Twin {
  return { fn, params, columns: [...columns, item], each: { items, as: params.as } }
}

const FLAT_MAPS: readonly Draw[] = [
  (columns, dice, as) => {
    const times = dice.pick([0, 1, 2, 2, 3, 3])
    return each(columns, stages.repeated, { times, as }, column(as, 'number', true), `range(${times})`)
  },
  (columns, dice, as) => {
    const from = pickKind(columns, 'number', dice)
    if (from === undefined) return undefined
    const x = quoted(from.name)
    const times = `CASE WHEN isfinite(${x}) THEN CAST(trunc(abs(${x})) % 3 AS BIGINT) ELSE 0 END`
    return each(columns, stages.counted, { column: from.name, as }, column(as, 'number', true), `range(${times})`)
  },
  (columns, dice, as) => {
    const from = pickKind(columns, 'text', dice)
    if (from === undefined) return undefined
    return each(columns, stages.parts, { column: from.name, as }, column(as, 'text'), `string_split(${quoted(from.name)}, ' ')`)
  },
  (columns, dice, as) => {
    const from = pickKind(columns, 'list', dice)
    return from && each(columns, stages.elements, { column: from.name, as }, column(as, 'text'), quoted(from.name))
  },
]

const DRAWS = { map: MAPS, filter: FILTERS, flatMap: FLAT_MAPS }

/** A function that these columns allow. */
export function drawTwin(op: 'map' | 'filter' | 'flatMap', columns: readonly Column[], dice: Dice, fresh: string): Twin {
  for (;;) {
    const twin = dice.pick(DRAWS[op])(columns, dice, fresh)
    if (twin !== undefined) return twin
  }
}
