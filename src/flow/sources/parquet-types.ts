import type { SchemaElement } from 'hyparquet'
import type { ColumnType } from '../column-spec.js'

/** What a top-level column of a file holds, in the words of this package. `bytes` may be text or not: the file does not say. */
export type FileType = ColumnType | 'bytes' | 'other'

/** Declared type and what it may be read from. */
const READS: { readonly [T in ColumnType]: readonly FileType[] } = {
  float64: ['float64', 'int32', 'int64'],
  int32: ['int32', 'int64'],
  int64: ['int64', 'int32'],
  utf8: ['utf8', 'bytes'],
  boolean: ['boolean'],
  timestamp: ['timestamp'],
  binary: ['binary', 'bytes'],
  list: ['list'],
  struct: ['struct'],
}

export function canRead(declared: ColumnType, file: FileType): boolean {
  return READS[declared].includes(file)
}

const TEXT = new Set(['UTF8', 'ENUM', 'JSON'])
const TIMES = new Set(['DATE', 'TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS'])

export function isNested(file: FileType): boolean {
  return file === 'list' || file === 'struct'
}

/** `hasFields`: it is no single column of the file. */
export function fileTypeOf(element: SchemaElement, hasFields: boolean): FileType {
  const { type, converted_type: converted = '', logical_type: logical } = element
  if (element.repetition_type === 'REPEATED' || (hasFields && converted === 'LIST')) return 'list'
  if (hasFields) return 'struct'
  if (TIMES.has(converted) || logical?.type === 'TIMESTAMP' || logical?.type === 'DATE' || type === 'INT96') return 'timestamp'
  if (converted === 'DECIMAL' || logical?.type === 'FLOAT16') return 'float64'
  switch (type) {
    case 'BOOLEAN':
      return 'boolean'
    case 'INT32':
      return converted === 'UINT_32' ? 'int64' : 'int32'
    case 'INT64':
      return 'int64'
    case 'FLOAT':
    case 'DOUBLE':
      return 'float64'
    case 'BYTE_ARRAY':
      if (TEXT.has(converted) || logical?.type === 'STRING') return 'utf8'
      return logical === undefined ? 'bytes' : 'other'
    case 'FIXED_LEN_BYTE_ARRAY':
      return logical?.type === 'UUID' ? 'utf8' : 'binary'
    default:
      return 'other'
  }
}
