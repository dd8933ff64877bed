import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { MillraceError } from '../base/errors.js'
import { type ColumnType, elementPath, type Field, memberPath, type Row, type Schema } from '../columnar/schema.js'
import type { ColumnPlan } from '../flow/column-plan.js'
import type { DuckDB } from './engine.js'

/** Declared columns as those of a batch. */
export function declaredSchema(columns: readonly ColumnPlan[]): Schema {
  return columns.map(({ column, type }) => ({ name: column, type: (type === 'dictionary' ? 'utf8' : type) as ColumnType }))
}

/**
 * What a column of a batch is in DuckDB. A column of nulls is an INTEGER, inside others a VARCHAR, which can become anything.
 *
 * @throws MillraceError `SqlColumn` for what cannot be there
 */
export function tableType({ name, type }: Field, engine: DuckDB, where: string): DuckDBType {
  return type === 'null' ? engine.INTEGER : typeOf(type, engine, { where, path: name })
}

interface Place {
  readonly where: string
  readonly path: string
}

function typeOf(type: ColumnType, engine: DuckDB, place: Place): DuckDBType {
  if (typeof type === 'object') return nestedType(type, engine, place)
  switch (type) {
    case 'boolean':
      return engine.BOOLEAN
    // A number is a DOUBLE, wherever it comes from.
    case 'int32':
    case 'float64':
      return engine.DOUBLE
    case 'int64':
      return engine.BIGINT
    case 'timestamp':
      return engine.TIMESTAMP
    case 'binary':
      return engine.BLOB
    default:
      return engine.VARCHAR
  }
}

function nestedType(type: Exclude<ColumnType, string>, engine: DuckDB, { where, path }: Place): DuckDBType {
  if ('list' in type) return engine.LIST(typeOf(type.list, engine, { where, path: elementPath(path) }))
  if (type.struct.length === 0)
    throw new MillraceError('SqlColumn', `${where}: column ${JSON.stringify(path)} is an object without fields, which a table cannot have`)
  return engine.STRUCT(
    Object.fromEntries(type.struct.map(({ name, type: inner }) => [name, typeOf(inner, engine, { where, path: memberPath(path, name) })])),
  )
}

/** A value of a column of that type, as DuckDB's package takes it. */
export function tableValue(type: ColumnType, engine: DuckDB): (value: unknown) => DuckDBValue {
  if (typeof type === 'object') {
    if ('list' in type) return listValue(tableValue(type.list, engine), engine)
    return structValue(type.struct, engine)
  }
  if (type === 'timestamp') return orNull((value) => new engine.DuckDBTimestampValue(BigInt((value as Date).getTime()) * 1000n))
  if (type === 'binary') return orNull((value) => new engine.DuckDBBlobValue(value as Uint8Array))
  return (value) => value as DuckDBValue
}

function listValue(element: (value: unknown) => DuckDBValue, engine: DuckDB): (value: unknown) => DuckDBValue {
  return orNull((value) => engine.listValue((value as unknown[]).map(element)))
}

function structValue(schema: Schema, engine: DuckDB): (value: unknown) => DuckDBValue {
  const members = schema.map(({ name, type }) => ({ name, of: tableValue(type, engine) }))
  return orNull((value) => engine.structValue(Object.fromEntries(members.map(({ name, of }) => [name, of((value as Row)[name])]))))
}

function orNull(convert: (value: unknown) => DuckDBValue): (value: unknown) => DuckDBValue {
  return (value) => (value === null || value === undefined ? null : convert(value))
}
