import { MillraceError } from '../base/errors.js'
import type { ArrowColumn } from './arrow-messages.js'
import { bitmapBytes, hasData, hasOffsets, valueBytes } from './layout.js'
import { type ColumnType, elementPath, kindOf, memberPath, type Schema } from './schema.js'
import { type ColumnVector, Int32Vector, Vector } from './vector.js'

/** Columns by name, of so many rows each. */
export interface NamedColumns {
  readonly schema: Schema
  readonly vectors: readonly ColumnVector[]
  readonly rows: number
}

/**
 * The columns of a wider schema as Arrow has them, each before those inside it; where there is none, nulls.
 *
 * @throws MillraceError `ColumnType` where one is of another type, or not in the schema
 */
export function arrowFields(wanted: Schema, { schema, vectors, rows }: NamedColumns, path = ''): ArrowColumn[][] {
  const known = new Map(schema.map(({ name }, index) => [name, vectors[index] as ColumnVector]))
  const columns = wanted.map(({ name, type }) => {
    const vector = known.get(name)
    known.delete(name)
    return arrowColumns(type, vector, { rows, path: memberPath(path, name) })
  })
  for (const name of known.keys()) throw misfit(memberPath(path, name), 'is not in the schema that was written')
  return columns
}

function arrowColumns(type: ColumnType, given: ColumnVector | undefined, { rows, path }: { rows: number; path: string }): ArrowColumn[] {
  const vector = type === 'float64' && given instanceof Int32Vector ? given.widened() : given
  if (vector !== undefined && vector.type !== 'null' && kindOf(vector.type) !== kindOf(type))
    throw misfit(path, `is ${kindOf(vector.type)}, the schema that was written says ${kindOf(type)}`)
  if (!(vector instanceof Vector)) return nulls(type, rows)
  const marks = vector.nullCount === 0 ? new Uint8Array(0) : (vector.validity ?? new Uint8Array(0))
  const column = { rows, nulls: vector.nullCount, buffers: [marks, ...vector.buffers] }
  if (typeof type === 'string') return [column]
  if ('list' in type) {
    const elements = vector.children[0] as ColumnVector
    return [column, ...arrowColumns(type.list, elements, { rows: elements.length, path: elementPath(path) })]
  }
  const { struct } = vector.type as { readonly struct: Schema }
  return [column, ...arrowFields(type.struct, { schema: struct, vectors: vector.children, rows }, path).flat()]
}

/** A column of nulls alone, with room for what it does not hold. */
function nulls(type: ColumnType, rows: number): ArrowColumn[] {
  if (type === 'null') return [{ rows, nulls: rows, buffers: [] }]
  const kind = kindOf(type)
  const buffers = [new Uint8Array(bitmapBytes(rows))]
  if (kind !== 'struct') buffers.push(new Uint8Array(hasOffsets(kind) ? 4 * (rows + 1) : valueBytes(kind, rows)))
  if (hasData(kind)) buffers.push(new Uint8Array(0))
  const column = { rows, nulls: rows, buffers }
  if (typeof type === 'string') return [column]
  if ('list' in type) return [column, ...nulls(type.list, 0)]
  return [column, ...type.struct.flatMap((field) => nulls(field.type, rows))]
}

function misfit(path: string, what: string): MillraceError {
  return new MillraceError('ColumnType', `Arrow: column ${JSON.stringify(path)} ${what}: map every value of it to one type`)
}
