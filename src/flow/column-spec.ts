import { MillraceError } from '../base/errors.js'

/** Column types that can be declared, and what their values are in a row. */
export interface ColumnValues {
  float64: number
  int32: number
  int64: bigint
  utf8: string
  dictionary: string
  boolean: boolean
  timestamp: Date
  binary: Uint8Array
  list: unknown[]
  struct: Record<string, unknown>
}

/** The name of a type. `int64` is 64 bits, signed; `dictionary` is text, that Arrow and Parquet files are to hold as a dictionary and places in it; `timestamp` becomes a Date in milliseconds; what is in a `list` or `struct` is as the file has it. */
export type ColumnType = keyof ColumnValues

/** What the text of a field can be read as. */
export type FieldType = Exclude<ColumnType, 'binary' | 'list' | 'struct'>

/** A type, or a type with `?`: the column may hold nulls. */
export type ColumnSpec = ColumnType | `${ColumnType}?`

/** Columns by name. */
export type SourceColumns = { readonly [column: string]: ColumnSpec }

/** The row that a column declaration stands for. */
export type SourceRow<C extends SourceColumns> = {
  -readonly [K in keyof C]: C[K] extends `${infer T extends ColumnType}?`
    ? ColumnValues[T] | null
    : C[K] extends ColumnType
      ? ColumnValues[C[K]]
      : never
}

const TYPES: readonly string[] = [
  'float64',
  'int32',
  'int64',
  'utf8',
  'dictionary',
  'boolean',
  'timestamp',
  'binary',
  'list',
  'struct',
] satisfies ColumnType[]

/** `utf8?` as type and nullability. @throws MillraceError `InvalidArgument` */
export function parseColumnType(column: string, spec: string): { type: ColumnType; nullable: boolean } {
  const nullable = spec.endsWith('?')
  const type = nullable ? spec.slice(0, -1) : spec
  if (!TYPES.includes(type)) {
    throw new MillraceError(
      'InvalidArgument',
      `column "${column}": unknown type "${spec}": use one of ${TYPES.join(', ')}, with ? for nulls`,
    )
  }
  return { type: type as ColumnType, nullable }
}
