import { type FileMetaData, parquetSchema, type SchemaElement, type SchemaTree } from 'hyparquet'
import type { PresentColumn } from './column-reads.js'
import type { FileType } from './file-types.js'

const TEXT = new Set(['UTF8', 'ENUM', 'JSON'])
const TIMES = new Set(['DATE', 'TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS'])

/** The columns of a file. */
export function columnsOf(metadata: FileMetaData): Map<string, PresentColumn> {
  return new Map(parquetSchema(metadata).children.map((tree) => [tree.element.name, columnOf(tree)]))
}

function columnOf(tree: SchemaTree): PresentColumn {
  return {
    file: fileTypeOf(tree.element, tree.children.length > 0),
    hasProto: some(tree, ({ name }) => name === '__proto__'),
    hasMaps: some(tree, (element) => element.converted_type === 'MAP'),
  }
}

function some({ element, children }: SchemaTree, holds: (element: SchemaElement) => boolean): boolean {
  return holds(element) || children.some((child) => some(child, holds))
}

/** `hasFields`: it is no single column of the file. */
function fileTypeOf(element: SchemaElement, hasFields: boolean): FileType {
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
