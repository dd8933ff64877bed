import type { DuckDBType } from '@duckdb/node-api'
import { BinaryVector } from '../columnar/inside-vector.js'
import { bitmapBytes } from '../columnar/layout.js'
import { textVector } from '../columnar/text-vector.js'
import { BigintVector, BooleanVector, type ColumnVector, FloatVector, Int32Vector, TimestampVector } from '../columnar/vector.js'
import type { ColumnType } from '../flow/column-spec.js'
import type { ChunkColumn } from './chunk-column.js'
import type { DuckDB } from './engine.js'
import { readVarying } from './result-texts.js'

/** Gives undefined where a value does not fit: who reads them one by one finds which. */
export type ReadVector = (column: ChunkColumn) => ColumnVector | undefined

const TWO_32 = 2 ** 32
const DAY_MS = 86_400_000
/** The largest count of milliseconds a Date can hold. */
const DATE_MS_MAX = 8.64e15

/** How a column becomes one of a batch without a value being made; undefined: value by value. */
export function vectorReader(type: DuckDBType, declared: ColumnType, { DuckDBTypeId: id }: DuckDB): ReadVector | undefined {
  const { typeId } = type
  switch (declared) {
    case 'float64':
      if (typeId === id.DOUBLE) return doubles
      if (typeId === id.INTEGER) return integerFloats
      return typeId === id.BIGINT ? bigintFloats : undefined
    case 'int32':
      return typeId === id.INTEGER ? integers : undefined
    case 'int64':
      return typeId === id.BIGINT ? bigints : undefined
    case 'boolean':
      return typeId === id.BOOLEAN ? booleans : undefined
    case 'timestamp':
      if (typeId === id.DATE) return dates
      return typeId === id.TIMESTAMP || typeId === id.TIMESTAMP_TZ ? timestamps : undefined
    case 'utf8':
    case 'dictionary':
      return typeId === id.VARCHAR ? texts : undefined
    case 'binary':
      return typeId === id.BLOB ? blobs : undefined
    default:
      return undefined
  }
}

function doubles(column: ChunkColumn): ColumnVector {
  const { buffer, byteOffset } = column.bytes(8)
  return new FloatVector(column, new Float64Array(buffer, byteOffset, column.length))
}

function words(column: ChunkColumn, perValue: 1 | 2): Int32Array {
  const { buffer, byteOffset } = column.bytes(4 * perValue)
  return new Int32Array(buffer, byteOffset, perValue * column.length)
}

function integers(column: ChunkColumn): ColumnVector {
  return new Int32Vector(column, words(column, 1))
}

function integerFloats(column: ChunkColumn): ColumnVector {
  return new FloatVector(column, new Float64Array(words(column, 1)))
}

function bigints(column: ChunkColumn): ColumnVector {
  const { buffer, byteOffset } = column.bytes(8)
  return new BigintVector(column, new BigInt64Array(buffer, byteOffset, column.length))
}

function bigintFloats(column: ChunkColumn): ColumnVector | undefined {
  const from = words(column, 2)
  const floats = new Float64Array(column.length)
  for (let i = 0; i < floats.length; i++) {
    const value = from[2 * i + 1] * TWO_32 + (from[2 * i] >>> 0)
    if (Number.isSafeInteger(value)) floats[i] = value
    else if (!column.isNull(i)) return undefined
  }
  return new FloatVector(column, floats)
}

function booleans(column: ChunkColumn): ColumnVector {
  const { buffer, byteOffset } = column.bytes(1)
  const from = new Uint8Array(buffer, byteOffset, column.length)
  const bits = new Uint8Array(bitmapBytes(column.length))
  for (let i = 0; i < from.length; i++) if (from[i] !== 0) bits[i >> 3] |= 1 << (i & 7)
  return new BooleanVector(column, bits)
}

/** Of microseconds; rounded down. */
function timestamps(column: ChunkColumn): ColumnVector | undefined {
  const from = words(column, 2)
  return timesOf(column, (row) => {
    const micros = from[2 * row + 1] * TWO_32 + (from[2 * row] >>> 0)
    if (!Number.isSafeInteger(micros)) return Number.NaN
    const ms = Math.floor(micros / 1000)
    // The quotient may have been rounded up to a whole one.
    return ms * 1000 > micros ? ms - 1 : ms
  })
}

function dates(column: ChunkColumn): ColumnVector | undefined {
  const days = words(column, 1)
  return timesOf(column, (row) => days[row] * DAY_MS)
}

function timesOf(column: ChunkColumn, msOf: (row: number) => number): ColumnVector | undefined {
  const into = new Int32Array(2 * column.length)
  for (let row = 0; row < column.length; row++) {
    const ms = msOf(row)
    if (Math.abs(ms) <= DATE_MS_MAX) {
      into[2 * row] = ms >>> 0
      into[2 * row + 1] = Math.floor(ms / TWO_32)
    } else if (!column.isNull(row)) return undefined
  }
  return new TimestampVector(column, into)
}

function texts(column: ChunkColumn): ColumnVector | undefined {
  const read = readVarying(column)
  return read && textVector(column, read.offsets, read.bytes)
}

function blobs(column: ChunkColumn): ColumnVector | undefined {
  const read = readVarying(column)
  return read && new BinaryVector(column, read.offsets, read.bytes)
}
