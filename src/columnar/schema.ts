import { MillraceError } from '../base/errors.js'

/**
 * What a column holds: `number` is float64, `bigint` int64 (64 bits, signed), `string` utf8, `boolean` boolean, `Date` timestamp (ms).
 * `null` is the type of a column in which only nulls were seen; it widens to any other type, nothing else ever changes.
 */
export type ColumnType = 'null' | 'boolean' | 'float64' | 'int64' | 'utf8' | 'timestamp'

export interface Field {
  readonly name: string
  readonly type: ColumnType
}

/** Fields in order of first sight, each name once. */
export type Schema = readonly Field[]

/** What a stage yields and a consumer gets: own enumerable string keys, plain values. */
export type Row = Record<string, unknown>

/**
 * One schema for the batches of several senders: the fields of `a`, then those only `b` has; null gives way to any type.
 * Returns `a` itself when `b` adds nothing. `where` begins the message of the error.
 * @throws MillraceError `ColumnType` where the two hold one column with different types.
 */
export function unify(a: Schema, b: Schema, where: string): Schema {
  if (a === b) return a
  const types = new Map(a.map((field) => [field.name, field.type]))
  let changed = false
  for (const { name, type } of b) {
    const known = types.get(name)
    if (known === type || (known !== undefined && type === 'null')) continue
    if (known !== undefined && known !== 'null') throw conflict(name, known, type, where)
    types.set(name, type)
    changed = true
  }
  return changed ? Object.freeze([...types].map(([name, type]) => Object.freeze({ name, type }))) : a
}

function conflict(name: string, known: ColumnType, type: ColumnType, where: string): MillraceError {
  return new MillraceError(
    'ColumnType',
    `${where}: column ${JSON.stringify(name)} is ${known} from one worker and ${type} from another; map every value of the column to one type`,
  )
}

/** Whether a stream may go on with `next` after `last`: the same fields in front, each of the same type or null before. */
export function widens(last: Schema, next: Schema): boolean {
  return (
    next.length >= last.length &&
    last.every((field, i) => field.name === next[i]?.name && (field.type === next[i]?.type || field.type === 'null'))
  )
}
