import type { DuckDBPreparedStatement, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { MillraceError } from '../base/errors.js'
import { decodeParams } from '../flow/param-codec.js'
import type { DuckDB } from './engine.js'

const INT32_MAX = 2 ** 31

/** Gives a statement its values, encoded as the plan has them. @throws MillraceError `ParamInvalid` */
export function bindValues(prepared: DuckDBPreparedStatement, values: readonly unknown[], engine: DuckDB): void {
  const decoded = decodeParams({ ...values })
  for (let i = 0; i < values.length; i++) {
    const value = decoded[i]
    prepared.bindValue(i + 1, boundValue(value, engine), boundType(value, engine, `value $${i + 1} of the statement`))
  }
}

function boundType(value: unknown, engine: DuckDB, where: string): DuckDBType {
  if (value === null) return engine.SQLNULL
  switch (typeof value) {
    case 'string':
      return engine.VARCHAR
    case 'boolean':
      return engine.BOOLEAN
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? engine.BIGINT : engine.HUGEINT
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return engine.DOUBLE
      return value >= -INT32_MAX && value < INT32_MAX ? engine.INTEGER : engine.BIGINT
    default:
      return objectType(value as object, engine, where)
  }
}

function objectType(value: object, engine: DuckDB, where: string): DuckDBType {
  if (value instanceof Date) return engine.TIMESTAMP
  if (value instanceof Uint8Array) return engine.BLOB
  if (Array.isArray(value)) return engine.LIST(elementType(value, engine, where))
  return engine.STRUCT(Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, boundType(inner, engine, where)])))
}

/** The one type of the values of a list; numbers are DOUBLE where one has to be. */
function elementType(values: readonly unknown[], engine: DuckDB, where: string): DuckDBType {
  const found = new Map<string, DuckDBType>()
  for (const value of values) {
    if (value === null) continue
    const type = boundType(value, engine, where)
    found.set(String(type), type)
  }
  const types = [...found.values()]
  if (types.length === 0) return engine.INTEGER
  if (types.length === 1) return types[0]
  if (values.every((value) => value === null || typeof value === 'number')) return engine.DOUBLE
  throw new MillraceError('ParamInvalid', `${where}: a list has values of one type, this one of ${[...found.keys()].join(' and ')}`)
}

function boundValue(value: unknown, engine: DuckDB): DuckDBValue {
  if (typeof value !== 'object' || value === null) return value as DuckDBValue
  if (value instanceof Date) return new engine.DuckDBTimestampValue(BigInt(value.getTime()) * 1000n)
  if (value instanceof Uint8Array) return new engine.DuckDBBlobValue(value)
  if (Array.isArray(value)) return engine.listValue(value.map((item) => boundValue(item, engine)))
  return engine.structValue(Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, boundValue(inner, engine)])))
}
