import type { AnyRow } from './stages.js'
import type { Count, Groups, Table } from './table.js'

/** By so much, of the greater, sums of floats that are rounded may differ. */
const TOLERANCE = 1e-12

/** A row that is expected, and its place in the order if there is one. */
export interface Expected {
  readonly row: AnyRow
  readonly position: number | undefined
}

/** What is wrong with the rows of a flow; undefined where nothing is. */
export function difference(table: Table, expected: readonly Expected[], actual: readonly AnyRow[], count: Count): string | undefined {
  const { bound, rounded } = table
  if (bound?.groups !== undefined) return beyondGroups(bound.groups, expected, actual, bound.range(count))
  const exact = (row: AnyRow): string => textOf(row, rounded)
  if (bound === undefined)
    return notSame(expected, actual, exact) ?? (rounded.size === 0 ? undefined : beyondTolerance(expected, actual, exact, rounded))
  const [least, most] = bound.range(count)
  if (actual.length < least || actual.length > most) return `${actual.length} rows, expected ${least} to ${most}`
  return notSome(expected, actual, exact, bound.areFirst)
}

/** All values of a row but those of some columns, by column and type. A column that is not there is null; -0 is 0. */
function textOf(row: AnyRow, without: ReadonlySet<string>): string {
  const names = Object.keys(row).filter((name) => !without.has(name) && row[name] !== null && row[name] !== undefined)
  return names
    .sort()
    .map((name) => `${name}=${valueText(row[name])}`)
    .join(' ')
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return `[${value.map((element) => valueText(element ?? null)).join()}]`
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) return `{${textOf(value as AnyRow, new Set())}}`
  return value instanceof Date ? `date ${value.getTime()}` : String(value)
}

type TextOf = (row: AnyRow) => string

/** Rows that stand at one place of the order may come in any, those of different places may not. */
function notSame(expected: readonly Expected[], actual: readonly AnyRow[], exact: TextOf): string | undefined {
  if (expected.length !== actual.length) return `${actual.length} rows, expected ${expected.length}${example(expected, actual, exact)}`
  for (let from = 0, to = 0; from < expected.length; from = to) {
    const { position } = expected[from]
    while (to < expected.length && expected[to].position === position) to++
    const [here, there] = [expected.slice(from, to).map(({ row }) => row), actual.slice(from, to)].map((rows) => rows.map(exact).sort())
    const at = here.findIndex((text, index) => text !== there[index])
    if (at === -1) continue
    const where = position === undefined ? '' : `, ${from + 1} to ${to} in the order`
    return `a row${where}: ${there[at]}\n  expected: ${here[at]}`
  }
  return undefined
}

function example(expected: readonly Expected[], actual: readonly AnyRow[], exact: TextOf): string {
  const [here, there] = [expected.map(({ row }) => exact(row)), actual.map(exact)]
  const missing = here.find((text) => !there.includes(text))
  const extra = there.find((text) => !here.includes(text))
  return `${missing === undefined ? '' : `\n  missing: ${missing}`}${extra === undefined ? '' : `\n  too many: ${extra}`}`
}

/** Some of the expected rows, in their order; the first of them where `areFirst`. */
function notSome(expected: readonly Expected[], actual: readonly AnyRow[], exact: TextOf, areFirst: boolean): string | undefined {
  const places = new Map<string, number[]>()
  for (const { row, position = 0 } of expected) places.set(exact(row), [...(places.get(exact(row)) ?? []), position])
  let last = 0
  for (const [index, row] of actual.entries()) {
    const left = places.get(exact(row)) ?? []
    const at = left.findIndex((position) => position >= last)
    if (at === -1) return `row ${index + 1} ${left.length === 0 ? 'is not there' : 'is out of order'}: ${exact(row)}`
    last = left.splice(at, 1)[0]
    if (areFirst && last !== expected[index].position) return `row ${index + 1} is not among the first: ${exact(row)}`
  }
  return undefined
}

/** Rounded sums stand in the rows of a groupBy, whose keys find them. */
function beyondTolerance(
  expected: readonly Expected[],
  actual: readonly AnyRow[],
  exact: TextOf,
  rounded: ReadonlySet<string>,
): string | undefined {
  const rows = new Map(actual.map((row) => [exact(row), row]))
  for (const { row } of expected)
    for (const name of rounded) {
      const found = rows.get(exact(row))?.[name]
      if (!isNear(found, row[name])) return `${name}=${found}, expected ${row[name]}, in ${exact(row)}`
    }
  return undefined
}

function isNear(a: unknown, b: unknown): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return (a ?? null) === (b ?? null)
  return Object.is(a, b) || a === b || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
}

/** Groups of some of the rows: each is one of all, none holds more. */
function beyondGroups(
  { keys, count, least, most }: Groups,
  expected: readonly Expected[],
  actual: readonly AnyRow[],
  [fewest, greatest]: readonly [number, number],
): string | undefined {
  const keyOf = (row: AnyRow): string => textOf(Object.fromEntries(keys.map((key) => [key, row[key]])), new Set())
  const rows = new Map(expected.map(({ row }) => [keyOf(row), row]))
  const compared: readonly [string, (some: never, all: never) => boolean][] = [
    [count, (some, all) => some <= all],
    ...least.map((name): [string, (some: never, all: never) => boolean] => [name, (some, all) => !(some < all)]),
    ...most.map((name): [string, (some: never, all: never) => boolean] => [name, (some, all) => !(some > all)]),
  ]
  for (const row of actual) {
    const all = rows.get(keyOf(row))
    if (all === undefined) return `a group that is not there, or twice: ${keyOf(row)}`
    rows.delete(keyOf(row))
    const bad = compared.find(([name, holds]) => (row[name] ?? null) !== null && !holds(row[name] as never, all[name] as never))
    if (bad !== undefined) return `${bad[0]}=${row[bad[0]]}, of all rows ${all[bad[0]]}, in ${keyOf(row)}`
  }
  const total = actual.reduce((sum, row) => sum + (row[count] as number), 0)
  return total < fewest || total > greatest ? `the groups hold ${total} rows, expected ${fewest} to ${greatest}` : undefined
}
