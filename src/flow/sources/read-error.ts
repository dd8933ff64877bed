import { MillraceError } from '../../base/errors.js'

/** An error of the file system or a library, with the file's name in front; ours stay as they are. */
export function readError(path: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error
  return new MillraceError('SourceRead', `${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
}

/** An error of what a file holds, with own properties `file` and `offset`. */
export function contentError(
  code: 'SourceRead' | 'SourceLine' | 'FileColumn' | 'ColumnMissing',
  file: string,
  offset: number,
  message: string,
): MillraceError {
  return Object.assign(new MillraceError(code, message), { file, offset })
}
