import type { Dice } from '../fuzz/dice.js'

/** What a column of a flow holds, by the type of its values in a row. */
export type Kind = 'number' | 'bigint' | 'text' | 'boolean' | 'date' | 'bytes' | 'list' | 'object'

export interface Column {
  readonly name: string
  readonly kind: Kind
  /** Whether its numbers add up without rounding, in any order. */
  readonly addsExactly: boolean
}

/** Those of keys: lists and objects have no order, and are equal only where whole rows are compared. */
export const KEY_KINDS: readonly Kind[] = ['number', 'bigint', 'text', 'boolean', 'date', 'bytes']

export const SQL_TYPES: { readonly [K in Kind]: string } = {
  number: 'DOUBLE',
  bigint: 'BIGINT',
  text: 'VARCHAR',
  boolean: 'BOOLEAN',
  date: 'TIMESTAMP',
  bytes: 'BLOB',
  list: 'VARCHAR[]',
  object: 'STRUCT(x DOUBLE, y VARCHAR)',
}

/** Where a row stands in the order that it was sorted into, beside its columns. */
export const POSITION = '__position'

export function column(name: string, kind: Kind, addsExactly = false): Column {
  return { name, kind, addsExactly }
}

export function quoted(name: string): string {
  return `"${name}"`
}

export function list(expressions: readonly string[]): string {
  return expressions.join(', ')
}

export function literal(value: string | number | bigint | boolean): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (typeof value === 'number') return `CAST('${value}' AS DOUBLE)`
  if (typeof value === 'bigint') return `CAST('${value}' AS BIGINT)`
  return String(value)
}

/**
 * DuckDB orders text by its UTF-8 bytes, which is by code point; JavaScript by UTF-16 code unit, where what is beyond U+FFFF stands before
 * U+E000 to U+FFFF. So those get the highest code point before them.
 */
function inUtf16Order(expression: string): string {
  return `regexp_replace(${expression}, '([\\x{E000}-\\x{FFFF}])', chr(1114111) || '\\1', 'g')`
}

/** What a column is ordered by. */
export function orderedBy({ name, kind }: Column): string {
  return kind === 'text' ? inUtf16Order(quoted(name)) : quoted(name)
}

/** One column of such a kind, if there is one. */
export function pickKind(columns: readonly Column[], kind: Kind, dice: Dice): Column | undefined {
  const fitting = columns.filter((each) => each.kind === kind)
  return fitting.length === 0 ? undefined : dice.pick(fitting)
}

/** The columns that can be keys. */
export function keysOf(columns: readonly Column[]): Column[] {
  return columns.filter(({ kind }) => KEY_KINDS.includes(kind))
}

/** One column that can be a key, of each kind as often. */
export function pickAny(columns: readonly Column[], dice: Dice): Column {
  const kinds = KEY_KINDS.filter((kind) => columns.some((each) => each.kind === kind))
  return pickKind(columns, dice.pick(kinds), dice) as Column
}

/** From one to `most` different columns. */
export function pickSome(columns: readonly Column[], most: number, dice: Dice): Column[] {
  const left = [...columns]
  const count = Math.min(left.length, 1 + dice.int(most))
  return Array.from({ length: count }, () => left.splice(dice.int(left.length), 1)[0])
}
