import { asc, desc, type Flow } from 'millrace/flow'
import { allOf, columnsOf, ids, isEven, later, repeated, same, spans, tagged, withBytes } from './stages/basic.js'

export type JoinKind = 'inner' | 'left' | 'semi' | 'anti'
export type AnyRow = Record<string, unknown>
// biome-ignore lint/suspicious/noExplicitAny: flows of any shape are made at random
export type AnyFlow = Flow<any>

/** One step, as the flow does it and as a plain program does it. */
export interface Step {
  readonly name: string
  flow(job: AnyFlow): AnyFlow
  plain(rows: AnyRow[]): AnyRow[]
}

export const mapTagged: Step = {
  name: 'map',
  flow: (job) => job.map(tagged),
  plain: (rows) => rows.map((row) => tagged(row as never)),
}

export const mapSame: Step = { name: 'map same', flow: (job) => job.map(same), plain: (rows) => rows }

export const mapBytes: Step = {
  name: 'map bytes',
  flow: (job) => job.map(withBytes),
  plain: (rows) => rows.map((row) => withBytes(row) as AnyRow),
}

export const filterEven: Step = {
  name: 'filter',
  flow: (job) => job.filter(isEven),
  plain: (rows) => rows.filter((row) => isEven(row as never)),
}

export function flatMapRepeated(times: number): Step {
  return {
    name: `flatMap ${times}`,
    flow: (job) => job.flatMap(repeated, { params: { times } }),
    plain: (rows) => rows.flatMap((row) => [...repeated(row, { params: { times } } as never)]),
  }
}

export function hash(...keys: string[]): Step {
  return { name: `hash ${keys.join()}`, flow: (job) => job.exchange.hash(...keys), plain: (rows) => rows }
}

/** All aggregates of `value`, and the greatest bytes, by one or more keys. */
export function group(...keys: string[]): Step {
  return {
    name: `groupBy ${keys.join()}`,
    flow: (job) =>
      job.groupBy(keys, (a) => ({
        rows: a.count(),
        total: a.sum('value'),
        mean: a.avg('value'),
        least: a.min('value'),
        most: a.max('id'),
        different: a.countDistinct('value'),
        first: a.first('id', { by: 'value' }),
        last: a.last('id', { by: 'value' }),
        bytes: a.max('raw'),
      })),
    plain: (rows) => groupPlainly(rows, keys),
  }
}

/** Groups what `group` gave, by its number of rows. */
export const regroup: Step = {
  name: 'groupBy rows',
  flow: (job) => job.groupBy('rows', (a) => ({ n: a.count(), sum: a.sum('total') })),
  plain: (rows) =>
    [...new Set(rows.map((row) => row.rows))].map((key) => {
      const members = rows.filter((row) => row.rows === key)
      const totals = numbers(members, 'total')
      return { rows: key, n: members.length, sum: totals.length === 0 ? null : totals.reduce((sum, total) => sum + total, 0) }
    }),
}

function groupPlainly(rows: readonly AnyRow[], keys: readonly string[]): AnyRow[] {
  const groups = new Map<string, AnyRow[]>()
  for (const row of rows) {
    const key = JSON.stringify(keys.map((name) => row[name] ?? null))
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].map((members) => {
    const values = numbers(members, 'value')
    const total = values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0)
    return {
      rows: members.length,
      total,
      mean: total === null ? null : total / values.length,
      least: values.length === 0 ? null : Math.min(...values),
      most: Math.max(...numbers(members, 'id')),
      different: new Set(values).size,
      first: values.length === 0 ? null : leastIdAt(members, Math.min(...values)),
      last: values.length === 0 ? null : leastIdAt(members, Math.max(...values)),
      bytes: members.map((row) => row.raw ?? null).sort((a, b) => compareValues(a, b, true))[0],
      ...Object.fromEntries(keys.map((name) => [name, members[0]?.[name] ?? null])),
    }
  })
}

function leastIdAt(rows: readonly AnyRow[], value: number): number {
  return Math.min(
    ...numbers(
      rows.filter((row) => row.value === value),
      'id',
    ),
  )
}

function numbers(rows: readonly AnyRow[], name: string): number[] {
  return rows.map((row) => row[name]).filter((value): value is number => typeof value === 'number')
}

/** Keys are the names of columns, with a minus before it for a descending one. */
export function sort(...keys: string[]): Step {
  const by = keys.map((key) => (key.startsWith('-') ? desc(key.slice(1)) : asc(key)))
  return { name: `sort ${keys.join()}`, flow: (job) => job.sort(...by), plain: (rows) => [...rows].sort(comparePlainly(keys)) }
}

/** Null comes last, in either direction: see the rules of `sort`. */
export function comparePlainly(keys: readonly string[]): (a: AnyRow, b: AnyRow) => number {
  return (a, b) => {
    for (const key of keys) {
      const name = key.replace(/^-/, '')
      const order = compareValues(a[name] ?? null, b[name] ?? null, key.startsWith('-'))
      if (order !== 0) return order
    }
    return 0
  }
}

function compareValues(a: unknown, b: unknown, descending: boolean): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0)
  const order = compareInside(a, b)
  return descending ? -order : order
}

/** Lists by element, objects by the name of their fields, as a stable order has them. */
function compareInside(a: unknown, b: unknown): number {
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array)
  if (Array.isArray(a) && Array.isArray(b)) {
    const first = a.findIndex((value, i) => i >= b.length || compareValues(value ?? null, b[i] ?? null, false) !== 0)
    if (first < 0) return a.length - b.length
    return first >= b.length ? 1 : compareValues(a[first] ?? null, b[first] ?? null, false)
  }
  if (typeof a === 'object')
    return comparePlainly([...new Set([...Object.keys(a as AnyRow), ...Object.keys(b as AnyRow)])].sort())(a as AnyRow, b as AnyRow)
  return (a as number) < (b as number) ? -1 : Number(a !== b)
}

/** Runs of ids in each group. */
export const perGroup: Step = {
  name: 'perKey group',
  flow: (job) => job.perKey('group', { orderBy: 'id' }, spans),
  plain: (rows) => membersOf(rows, 'group').flatMap((members) => [...spans([...members].sort(comparePlainly(['id'])) as never)]),
}

export const reduceGroup: Step = {
  name: 'reduceBy group',
  flow: (job) => job.reduceBy('group', ids),
  plain: (rows) =>
    membersOf(rows, 'group').map((members) => {
      const group = (members[0]?.group ?? null) as string | null
      return { group, ...ids.finish(numbers(members, 'id'), { group }) }
    }),
}

/** The first rows of each group by descending id, ties by all columns. */
export function topPerGroup(count: number): Step {
  return {
    name: `topPerKey ${count}`,
    flow: (job) => job.topPerKey('group', { orderBy: desc('id'), rows: count, stable: true }),
    plain: (rows) => membersOf(rows, 'group').flatMap((members) => [...members].sort(compareStably('-id')).slice(0, count)),
  }
}

function compareStably(key: string): (a: AnyRow, b: AnyRow) => number {
  return (a, b) => comparePlainly([key, ...[...new Set([...Object.keys(a), ...Object.keys(b)])].sort()])(a, b)
}

function membersOf(rows: readonly AnyRow[], column: string): AnyRow[][] {
  const groups = new Map<unknown, AnyRow[]>()
  for (const row of rows) groups.set(row[column] ?? null, [...(groups.get(row[column] ?? null) ?? []), row])
  return [...groups.values()]
}

export const inBatches: Step = { name: 'mapBatches', flow: (job) => job.mapBatches(allOf, { rows: 7 }), plain: (rows) => rows }
export const inColumns: Step = { name: 'mapColumns', flow: (job) => job.mapColumns(columnsOf, { rows: 7 }), plain: (rows) => rows }
export const inPromises: Step = { name: 'mapAsync', flow: (job) => job.mapAsync(later, { concurrency: 3 }), plain: (rows) => rows }

/** A right side, as the flow reads it and as a plain program has it. */
export interface Right {
  readonly flow: AnyFlow
  readonly rows: readonly AnyRow[]
}

/** The columns of the right side end so. */
export const SUFFIX = '_r'

/** `on`: the columns of the left side, and those of the right one. */
export function join(kind: JoinKind, on: Readonly<Record<string, string>>, exchange: 'hash' | 'broadcast', right: Right): Step {
  const options = { on, kind, exchange, suffix: SUFFIX } as never
  return {
    name: `${kind} join by ${exchange}`,
    flow: (job) => job.join(right.flow, options),
    plain: (rows) => rows.flatMap((row) => joinPlainly(row, kind, Object.entries(on), right.rows)),
  }
}

function joinPlainly(row: AnyRow, kind: JoinKind, on: readonly [string, string][], right: readonly AnyRow[]): AnyRow[] {
  const matches = right.filter((other) => on.every(([here, there]) => isEqual(row[here], other[there])))
  if (kind === 'semi') return matches.length > 0 ? [row] : []
  if (kind === 'anti') return matches.length > 0 ? [] : [row]
  if (matches.length === 0) return kind === 'left' ? [row] : []
  const keys = on.map(([, there]) => there)
  return matches.map((match) => {
    const added = Object.entries(match).filter(([name]) => !keys.includes(name))
    return { ...row, ...Object.fromEntries(added.map(([name, value]) => [`${name}${SUFFIX}`, value])) }
  })
}

/** As keys of a join are. */
function isEqual(a: unknown, b: unknown): boolean {
  return a !== null && a !== undefined && JSON.stringify(a) === JSON.stringify(b)
}

export function union(right: Right): Step {
  return { name: 'union', flow: (job) => job.union(right.flow), plain: (rows) => [...rows, ...right.rows] }
}

export const distinct: Step = {
  name: 'distinct',
  flow: (job) => job.distinct(),
  plain: (rows) => [...new Map(rows.map((row) => [JSON.stringify(known(row)), row])).values()],
}

export const dealOut: Step = { name: 'round robin', flow: (job) => job.exchange.roundRobin(), plain: (rows) => rows }
export const gather: Step = { name: 'gather', flow: (job) => job.exchange.gather(), plain: (rows) => rows }

export function limit(rows: number): Step {
  return { name: `limit ${rows}`, flow: (job) => job.limit(rows), plain: (all) => all.slice(0, rows) }
}

/** A row without its nulls, also in the objects that it holds: a missing key is null. */
export function known(row: AnyRow): AnyRow {
  return Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [name, knownInside(value)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function knownInside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(knownInside)
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype ? known(value as AnyRow) : value
}
