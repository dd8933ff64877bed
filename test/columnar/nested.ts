import fc from 'fast-check'
import type { ColumnType, Field, Row } from '../../src/columnar/schema.js'
import { anyUnits, KINDS } from './support.js'

/** Names that are easily got wrong, and any others. */
export const names: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', '0', '17', 'a', 'b', 'é', '', 'hasOwnProperty'),
  anyUnits,
)

interface Kind {
  readonly values: fc.Arbitrary<unknown>
}

/** Lists and objects, nested up to a depth: values of one type each, in which each key and element may be missing or null. */
export function nestedKind(depth: number): fc.Arbitrary<Kind> {
  const inner =
    depth === 1
      ? fc.constantFrom<Kind[]>(...Object.values(KINDS))
      : fc.oneof(fc.constantFrom(...Object.values(KINDS)), nestedKind(depth - 1))
  const list = inner.map(({ values }) => ({ values: fc.array(fc.option(fc.option(values, { nil: undefined })), { maxLength: 5 }) }))
  const struct = fc
    .uniqueArray(fc.tuple(names, inner), { selector: ([name]) => name, maxLength: 4 })
    .map((fields) => ({ values: recordOf(fields.map(([name, { values }]) => [name, values])) }))
  return fc.oneof(list, struct)
}

const MISSING = Symbol('missing')

/** Objects in which each key may be missing, null, undefined or there. */
export function recordOf(fields: readonly (readonly [string, fc.Arbitrary<unknown>])[]): fc.Arbitrary<Row> {
  const cells = fields.map(([name, values]) =>
    fc.tuple(fc.constant(name), fc.option(fc.option(fc.option(values), { nil: undefined }), { nil: MISSING })),
  )
  return fc.tuple(...cells).map((pairs) => Object.fromEntries(pairs.filter(([, value]) => value !== MISSING)))
}

/** The type of a column that holds these values, found otherwise than by building it. */
export function typeOf(values: readonly unknown[]): ColumnType {
  const some = values.filter((value) => value !== null && value !== undefined)
  const [first] = some
  if (first === undefined) return 'null'
  if (Array.isArray(first)) return { list: typeOf((some as unknown[][]).flat()) }
  if (first instanceof Uint8Array) return 'binary'
  if (first instanceof Date) return 'timestamp'
  if (typeof first === 'object') return { struct: schemaOf(some as Row[]) }
  return ({ string: 'utf8', number: 'float64', bigint: 'int64', boolean: 'boolean' } as Record<string, ColumnType>)[
    typeof first
  ] as ColumnType
}

/** The columns of rows, in order of first sight. */
export function schemaOf(rows: readonly Row[]): Field[] {
  const seen = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return seen.map((name) => ({ name, type: typeOf(rows.map((row) => own(row, name))) }))
}

/** A value as it is read in a column of a type: what is missing is null. */
function read(value: unknown, type: ColumnType): unknown {
  if (value === null || value === undefined) return null
  if (typeof type === 'string') return value
  if ('list' in type) return Array.from(value as unknown[], (element) => read(element, type.list))
  return readRow(value as Row, type.struct)
}

export function readRow(row: Row, schema: readonly Field[]): Row {
  return Object.fromEntries(schema.map(({ name, type }) => [name, read(own(row, name), type)]))
}

function own(row: Row, name: string): unknown {
  return Object.hasOwn(row, name) ? row[name] : null
}
