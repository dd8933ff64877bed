import type { Columns, Ctx } from 'millrace/flow'

export type Item = { id: number; group: string; value: number | null; when?: Date; on?: boolean }

export function words(line: { text: string }): { word: string; length: number }[] {
  return (line.text.match(/[a-z]+/g) ?? []).map((word) => ({ word, length: word.length }))
}

export function* letters(row: { word: string }): Generator<{ letter: string; word: string }> {
  for (const letter of row.word) yield { letter, word: row.word }
}

export function isLong(row: { length: number }, ctx: Ctx<{ min: number }>): boolean {
  return row.length >= ctx.params.min
}

export function upper(row: { word: string; length: number }): { word: string; twice: number } {
  return { word: row.word.toUpperCase(), twice: 2 * row.length }
}

export function isEven(row: { id: number }): boolean {
  return row.id % 2 === 0
}

export function tagged(row: Item): Item & { tag: string } {
  return { ...row, tag: `${row.group ?? ''}-${row.id % 3}` }
}

export function same(row: object): object {
  return row
}

export function copied({ id, value }: { id: number; value: number | null }): { id: number; value: number | null } {
  return { id, value }
}

/** The columns as they are: numbers, of whatever column, come as float64. */
export function sameColumns<C extends { id: ArrayLike<number>; value: ArrayLike<number | null> }>(
  columns: C,
): { id: ArrayLike<number>; value: ArrayLike<number | null> } {
  const { id, value } = columns
  if (!(id instanceof Float64Array)) throw new TypeError('no Float64Array')
  return { id, value }
}

/** The group also as bytes, where there is one. */
export function withBytes(row: { group?: string | null }): object {
  return typeof row.group === 'string' ? { ...row, raw: new TextEncoder().encode(row.group) } : row
}

/** Each row several times. */
export function* repeated(row: object, ctx: Ctx<{ times: number }>): Generator<{ copy: number }> {
  for (let copy = 0; copy < ctx.params.times; copy++) yield { ...row, copy }
}

/** Rows of one group, by id: one row for each run of ids without a gap of more than 3. */
export function* spans(
  rows: Iterable<{ id: number; group?: string | null }>,
): Generator<{ group: string | null; from: number; to: number; n: number }> {
  let span: { group: string | null; from: number; to: number; n: number } | undefined
  for (const { id, group = null } of rows) {
    if (span !== undefined && id - span.to > 3) {
      yield span
      span = undefined
    }
    span ??= { group, from: id, to: id, n: 0 }
    span.to = id
    span.n++
  }
  if (span !== undefined) yield span
}

export function* allOf(rows: object[]): Generator<object> {
  yield* rows
}

export function columnsOf(columns: Columns<object>): object {
  return columns
}

export async function later(row: object): Promise<object> {
  await null
  return row
}

/** The ids of a group, in order. */
export const ids = {
  init: (): number[] => [],
  step(all: number[], row: { id: number }): void {
    all.push(row.id)
  },
  merge: (a: number[], b: number[]): number[] => [...a, ...b],
  finish: (all: number[], key: { group?: string | null }): { ids: string; size: number } => ({
    ids: `${key.group ?? ''} ${all.sort((a, b) => a - b).join()}`,
    size: all.length,
  }),
}
