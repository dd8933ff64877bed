/** The functions of random flows: workers import them. Each has a twin in SQL in `twins.ts`. */
import type { Columns, Ctx } from 'millrace/flow'

export type AnyRow = Record<string, unknown>

type To = { column: string; as: string }

/** A value that is known goes through `change`; a missing one is null. */
function withValue<T>(row: AnyRow, { column, as }: To, change: (value: T) => unknown): AnyRow {
  const value = row[column] ?? null
  return { ...row, [as]: value === null ? null : change(value as T) }
}

export function plus(row: AnyRow, { params }: Ctx<To & { by: number | bigint }>): AnyRow {
  return withValue(row, params, (value: number) => value + (params.by as number))
}

export function suffixed(row: AnyRow, { params }: Ctx<To & { text: string }>): AnyRow {
  return withValue(row, params, (value: string) => value + params.text)
}

/** In code points. */
export function lengthOf(row: AnyRow, { params }: Ctx<To>): AnyRow {
  return withValue(row, params, (value: string) => [...value].length)
}

export function above(row: AnyRow, { params }: Ctx<To & { than: number }>): AnyRow {
  return withValue(row, params, (value: number) => value > params.than)
}

export function negated(row: AnyRow, { params }: Ctx<To>): AnyRow {
  return withValue(row, params, (value: boolean) => !value)
}

export function toBigint(row: AnyRow, { params }: Ctx<To>): AnyRow {
  return withValue(row, params, (value: number) => (Math.abs(value) < 1e9 ? BigInt(Math.trunc(value)) : null))
}

export function toNumber(row: AnyRow, { params }: Ctx<To>): AnyRow {
  return withValue(row, params, (value: bigint) => Number(value))
}

/** Of seconds. */
export function toDate(row: AnyRow, { params }: Ctx<To>): AnyRow {
  return withValue(row, params, (value: number) => (Math.abs(value) < 1e9 ? new Date(Math.trunc(value) * 1000) : null))
}

export function later(row: AnyRow, { params }: Ctx<To & { days: number }>): AnyRow {
  return withValue(row, params, (value: Date) => new Date(value.getTime() + params.days * 86_400_000))
}

export function milliseconds(row: AnyRow, { params }: Ctx<To>): AnyRow {
  return withValue(row, params, (value: Date) => value.getTime())
}

export function plusOfMany(rows: AnyRow[], ctx: Ctx<To & { by: number | bigint }>): AnyRow[] {
  return rows.map((row) => plus(row, ctx))
}

export function plusOfColumns(columns: Columns<AnyRow>, ctx: Ctx<To & { by: number | bigint }>): Columns<AnyRow> {
  const { column, as } = ctx.params
  const [{ length }] = Object.values(columns)
  const values = columns[column] ?? new Array(length).fill(null)
  return { ...columns, [as]: Array.from(values, (value) => plus({ [column]: value }, ctx)[as]) }
}

export async function plusLater(row: AnyRow, ctx: Ctx<To & { by: number | bigint }>): Promise<AnyRow> {
  return plus(row, ctx)
}

/** In UTF-8. */
export function toBytes(row: AnyRow, { params }: Ctx<To>): AnyRow {
  return withValue(row, params, (value: string) => new TextEncoder().encode(value))
}

export function byteLength(row: AnyRow, { params }: Ctx<To>): AnyRow {
  return withValue(row, params, (value: Uint8Array) => value.length)
}

export function toList(row: AnyRow, { params }: Ctx<To>): AnyRow {
  return withValue(row, params, (value: string) => value.split(' '))
}

export function listLength(row: AnyRow, { params }: Ctx<To>): AnyRow {
  return withValue(row, params, (value: unknown[]) => value.length)
}

/** A number and a text, each of which may be null. */
export function toObject(row: AnyRow, { params: { x, y, as } }: Ctx<{ x: string; y: string; as: string }>): AnyRow {
  return { ...row, [as]: { x: row[x] ?? null, y: row[y] ?? null } }
}

export function fieldOf(row: AnyRow, { params }: Ctx<To>): AnyRow {
  return withValue(row, params, (value: { x?: number | null }) => value.x ?? null)
}

/** Null in place of one value. */
export function blanked(row: AnyRow, { params }: Ctx<To & { value: unknown }>): AnyRow {
  return withValue(row, params, (value) => (value === params.value ? null : value))
}

/** One value in place of null. */
export function filled(row: AnyRow, { params: { column, as, value } }: Ctx<To & { value: unknown }>): AnyRow {
  return { ...row, [as]: row[column] ?? value }
}

/** Columns by the names of others; one without a name is null. */
export function shaped(row: AnyRow, { params }: Ctx<{ columns: { as: string; from: string | null }[] }>): AnyRow {
  return Object.fromEntries(params.columns.map(({ as, from }) => [as, from === null ? null : (row[from] ?? null)]))
}

export function exceeds(row: AnyRow, { params }: Ctx<{ column: string; than: number }>): boolean {
  const value = row[params.column] ?? null
  return value !== null && (value as number) > params.than
}

export function isKnown(row: AnyRow, { params }: Ctx<{ column: string }>): boolean {
  return (row[params.column] ?? null) !== null
}

export function differs(row: AnyRow, { params }: Ctx<{ column: string; value: unknown }>): boolean {
  return row[params.column] !== params.value
}

/** Null is not true. */
export function isTrue(row: AnyRow, { params }: Ctx<{ column: string }>): unknown {
  return row[params.column]
}

export function isOdd(row: AnyRow, { params }: Ctx<{ column: string }>): boolean {
  return ((row[params.column] ?? 0n) as bigint) % 2n !== 0n
}

export function isBefore(row: AnyRow, { params }: Ctx<{ column: string; date: Date }>): boolean {
  const value = row[params.column] ?? null
  return value !== null && (value as Date) < params.date
}

export function* repeated(row: AnyRow, { params }: Ctx<{ times: number; as: string }>): Generator<AnyRow> {
  for (let copy = 0; copy < params.times; copy++) yield { ...row, [params.as]: copy }
}

/** As many rows as the last digit of a number says, by three. */
export function* counted(row: AnyRow, { params }: Ctx<To>): Generator<AnyRow> {
  const value = (row[params.column] ?? 0) as number
  const times = Number.isFinite(value) ? Math.trunc(Math.abs(value)) % 3 : 0
  for (let copy = 0; copy < times; copy++) yield { ...row, [params.as]: copy }
}

export function parts(row: AnyRow, { params }: Ctx<To>): AnyRow[] {
  const value = row[params.column] ?? null
  return value === null ? [] : (value as string).split(' ').map((part) => ({ ...row, [params.as]: part }))
}

type Tally = { rows: number; known: number }

/** Rows, and those that have a value in one column: a reducer. */
export const tally = {
  init: (): Tally => ({ rows: 0, known: 0 }),
  step(state: Tally, row: AnyRow, { params }: Ctx<{ column: string }>): void {
    state.rows++
    state.known += Number((row[params.column] ?? null) !== null)
  },
  merge: (a: Tally, b: Tally): Tally => ({ rows: a.rows + b.rows, known: a.known + b.known }),
  finish: ({ rows, known }: Tally, _key: unknown, { params }: Ctx<{ rows: string; known: string }>): AnyRow => ({
    [params.rows]: rows,
    [params.known]: known,
  }),
}

/** The first rows of a key, numbered in a column if one is named. */
export function* firstOfKey(rows: Iterable<AnyRow>, { params: { as, most } }: Ctx<{ as: string | null; most: number }>): Generator<AnyRow> {
  let number = 0
  for (const row of rows) {
    yield as === null ? row : { ...row, [as]: number }
    if (++number === most) return
  }
}

export function elements(row: AnyRow, { params }: Ctx<To>): AnyRow[] {
  return ((row[params.column] ?? []) as unknown[]).map((element) => ({ ...row, [params.as]: element }))
}
