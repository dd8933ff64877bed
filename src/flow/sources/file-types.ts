import type { ColumnType } from '../column-spec.js'

/**
 * What a top-level column of a file holds, in the words of this package. `bytes` may be text or not: the file does not say. `null`: nothing
 * but nulls.
 */
export type FileType = ColumnType | 'bytes' | 'other' | 'null'

/** Declared type and what it may be read from. */
const READS: { readonly [T in ColumnType]: readonly FileType[] } = {
  float64: ['float64', 'int32', 'int64'],
  int32: ['int32', 'int64'],
  int64: ['int64', 'int32'],
  utf8: ['utf8', 'bytes'],
  dictionary: ['utf8', 'bytes'],
  boolean: ['boolean'],
  timestamp: ['timestamp'],
  binary: ['binary', 'bytes'],
  list: ['list'],
  struct: ['struct'],
}

export function canRead(declared: ColumnType, file: FileType): boolean {
  return file === 'null' || READS[declared].includes(file)
}

export function isNested(file: FileType): boolean {
  return file === 'list' || file === 'struct'
}
