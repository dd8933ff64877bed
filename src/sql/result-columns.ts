import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { MillraceError } from '../base/errors.js'
import { elementPath, memberPath } from '../columnar/schema.js'
import type { ColumnPlan } from '../flow/column-plan.js'
import type { ColumnType } from '../flow/column-spec.js'
import { type Described, namesOf } from './database.js'
import type { DuckDB } from './engine.js'
import { converterOf, type Kind, kindOf } from './result-values.js'
import { type ReadVector, vectorReader } from './result-vectors.js'

/** A column of a result, and how its values become those of rows. */
export interface ResultColumn {
  readonly name: string
  /** Its place in the result. */
  readonly index: number
  /** All of a chunk at once, where that goes. @throws MillraceError `SqlColumn` for a null that is none */
  readonly readVector: ReadVector | undefined
  /** @throws MillraceError `SqlColumn` for a value that does not fit */
  read(value: DuckDBValue): unknown
}

/** Declared type and what it may be read from. */
const READS: { readonly [T in ColumnType]: readonly Kind[] } = {
  float64: ['float64', 'int32', 'int64', 'decimal'],
  int32: ['int32', 'int64'],
  int64: ['int64', 'int32', 'decimal'],
  utf8: ['utf8'],
  dictionary: ['utf8'],
  boolean: ['boolean'],
  timestamp: ['timestamp'],
  binary: ['binary'],
  list: ['list'],
  struct: ['struct'],
}

/**
 * The declared columns of a statement, checked before a row of it is read.
 *
 * @throws MillraceError `SqlColumn`
 */
export function resultColumns(declared: readonly ColumnPlan[], described: Described, engine: DuckDB, where: string): ResultColumn[] {
  const names = namesOf(described)
  return declared.map((plan) => {
    const { column } = plan
    const index = names.indexOf(column)
    if (index < 0) throw refusal(where, column, `is not in the result, which has ${names.join(', ')}`)
    if (names.includes(column, index + 1))
      throw refusal(where, column, `is in the result more than once (${names.join(', ')}): name each by AS`)
    const type = described.columnType(index)
    checkType(type, { where, path: column, declared: plan.type as ColumnType }, engine)
    return { name: column, index, readVector: checkedVector(plan, type, engine, where), read: reader(plan, type, engine, where) }
  })
}

interface Checked {
  readonly where: string
  readonly path: string
  /** Undefined inside lists and objects: whatever a row can hold. */
  readonly declared: ColumnType | undefined
}

function checkType(type: DuckDBType, { where, path, declared }: Checked, engine: DuckDB): void {
  const kind = kindOf(type, engine)
  if (kind === undefined) throw refusal(where, path, `is ${type}, which rows cannot hold: cast it in the statement`)
  if (declared !== undefined && kind !== 'null' && !READS[declared].includes(kind))
    throw refusal(where, path, `is ${type}, declared ${declared}: declare what it is, or cast it in the statement`)
  if (type instanceof engine.DuckDBListType || type instanceof engine.DuckDBArrayType)
    checkType(type.valueType, { where, path: elementPath(path), declared: undefined }, engine)
  if (type instanceof engine.DuckDBStructType) {
    for (const [index, inner] of type.entryTypes.entries())
      checkType(inner, { where, path: memberPath(path, type.entryNames[index]), declared: undefined }, engine)
  }
}

function checkedVector({ column, type, nullable }: ColumnPlan, found: DuckDBType, engine: DuckDB, where: string): ReadVector | undefined {
  const read = vectorReader(found, type as ColumnType, engine)
  if (read === undefined || nullable) return read
  return (given) => {
    if (given.nullCount > 0) throw nullRefusal(where, column, type)
    return read(given)
  }
}

function reader({ column, type, nullable }: ColumnPlan, found: DuckDBType, engine: DuckDB, where: string): ResultColumn['read'] {
  const convert = converterOf(found, type as ColumnType, engine)
  return (value) => {
    if (value === null) {
      if (nullable) return null
      throw nullRefusal(where, column, type)
    }
    const converted = convert(value)
    if (converted !== undefined) return converted
    throw refusal(where, column, `is ${String(value)} in a row, which does not fit ${type}${cureOf(type)}`)
  }
}

function nullRefusal(where: string, column: string, type: string): MillraceError {
  return refusal(where, column, `is null in a row: declare '${type}?'`)
}

function cureOf(type: string): string {
  return type === 'float64' || type === 'int32' ? ": declare 'int64' to get bigints, or cast it in the statement" : ''
}

function refusal(where: string, column: string, what: string): MillraceError {
  return new MillraceError('SqlColumn', `${where}: column ${JSON.stringify(column)} ${what}`)
}
