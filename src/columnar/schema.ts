import { MillraceError } from '../base/errors.js'

/**
 * What a column holds: `number` is float64, `bigint` int64 (64 bits, signed), `string` utf8, `boolean` boolean, `Date` timestamp (ms),
 * `Uint8Array` binary; an array is a list of values of one type, any other plain object a struct. A column of rows is int32 (numbers too) where
 * it is declared so, or comes so from a file.
 * `null` is the type of a column in which only nulls were seen; it widens to any other type, int32 to float64, and a struct gains fields at its
 * end. So do the elements of a list and the fields of a struct. Nothing else ever changes.
 */
export type ColumnType = FlatType | ListType | StructType

export type FlatType = 'null' | 'boolean' | 'float64' | 'int32' | 'int64' | 'utf8' | 'timestamp' | 'binary'

export interface ListType {
  readonly list: ColumnType
}

export interface StructType {
  readonly struct: Schema
}

/** A type without what is inside it. */
export type Kind = FlatType | 'list' | 'struct'

export interface Field {
  readonly name: string
  readonly type: ColumnType
}

/** Fields in order of first sight, each name once. */
export type Schema = readonly Field[]

/** What a stage yields and a consumer gets: own enumerable string keys, plain values. */
export type Row = Record<string, unknown>

/** Most lists and objects around a value. */
export const NESTING_MAX = 8

export function kindOf(type: ColumnType): Kind {
  return typeof type === 'string' ? type : 'list' in type ? 'list' : 'struct'
}

/** How messages name a column inside others: `user.tags[]`. */
export function elementPath(list: string): string {
  return `${list}[]`
}

export function memberPath(struct: string, name: string): string {
  return struct === '' ? name : `${struct}.${name}`
}

/**
 * One schema for the batches of several senders: the fields of `a`, then those only `b` has; null gives way to any type, int32 to float64.
 * Returns `a` itself when `b` adds nothing. `where` begins the message of the error.
 * @throws MillraceError `ColumnType` where the two hold one column with different types.
 */
export function unify(a: Schema, b: Schema, where: string): Schema {
  return unifyFields(a, b, { where, path: '' })
}

interface Place {
  readonly where: string
  readonly path: string
}

function unifyFields(a: Schema, b: Schema, { where, path }: Place): Schema {
  if (a === b) return a
  const types = new Map(a.map((field) => [field.name, field.type]))
  let changed = false
  for (const { name, type } of b) {
    const known = types.get(name)
    const both = known === undefined ? type : unifyTypes(known, type, { where, path: memberPath(path, name) })
    if (both === known) continue
    types.set(name, both)
    changed = true
  }
  return changed ? Object.freeze([...types].map(([name, type]) => Object.freeze({ name, type }))) : a
}

function unifyTypes(a: ColumnType, b: ColumnType, place: Place): ColumnType {
  if (a === b || b === 'null') return a
  if (a === 'null') return b
  if (isInt32Of(a, b)) return b
  if (isInt32Of(b, a)) return a
  if (typeof a === 'object' && typeof b === 'object') {
    if ('list' in a && 'list' in b) {
      const list = unifyTypes(a.list, b.list, { ...place, path: elementPath(place.path) })
      return list === a.list ? a : Object.freeze({ list })
    }
    if ('struct' in a && 'struct' in b) {
      const struct = unifyFields(a.struct, b.struct, place)
      return struct === a.struct ? a : Object.freeze({ struct })
    }
  }
  throw conflict(a, b, place)
}

/** Whether every value of the one type is one of the other. */
function isInt32Of(narrow: ColumnType, wide: ColumnType): boolean {
  return narrow === 'int32' && wide === 'float64'
}

function conflict(a: ColumnType, b: ColumnType, { where, path }: Place): MillraceError {
  return new MillraceError(
    'ColumnType',
    `${where}: column ${JSON.stringify(path)} is ${kindOf(a)} from one worker and ${kindOf(b)} from another; map every value of the column to one type`,
  )
}

/** Whether a stream may go on with `next` after `last`: the same fields in front, each of the same type, or a wider one. */
export function widens(last: Schema, next: Schema): boolean {
  return (
    next.length >= last.length &&
    last.every(({ name, type }, i) => {
      const field = next[i] as Field
      return field.name === name && typeWidens(type, field.type)
    })
  )
}

function typeWidens(last: ColumnType, next: ColumnType): boolean {
  if (last === next || last === 'null' || isInt32Of(last, next)) return true
  if (typeof last === 'string' || typeof next === 'string') return false
  if ('list' in last) return 'list' in next && typeWidens(last.list, next.list)
  return 'struct' in next && widens(last.struct, next.struct)
}
