import { type FileMetaData, parquetSchema, type SchemaElement } from 'hyparquet'
import type { FileType } from './file-types.js'

const TEXT = new Set(['UTF8', 'ENUM', 'JSON'])
const TIMES = new Set(['DATE', 'TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS'])

/** The columns of a file, and what they hold. */
export function columnsOf(metadata: FileMetaData): Map<string, FileType> {
  return new Map(parquetSchema(metadata).children.map(({ element, children }) => [element.name, fileTypeOf(element, children.length > 0)]))
}

function fileTypeOf(element: SchemaElement, nested: boolean): FileType {
  const { type, converted_type: converted = '', logical_type: logical } = element
  if (nested || element.repetition_type === 'REPEATED') return 'nested'
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
