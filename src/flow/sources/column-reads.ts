import type { ColumnType } from '../column-spec.js'
import type { ColumnPlan } from '../plan.js'
import { canRead, type FileType } from './file-types.js'
import { contentError } from './read-error.js'

/** One column to read from a file: what it holds there and what it is to be in a row. */
export interface ColumnRead {
  readonly column: string
  readonly file: FileType
  /** Undefined where nothing is declared: by what the file holds, 64-bit integers as numbers. */
  readonly declared: ColumnType | undefined
  readonly nullable: boolean
}

/**
 * The columns to read: the declared ones, checked against the file, or all.
 *
 * @throws MillraceError `ColumnMissing`, `FileColumn`
 */
export function columnReads(
  path: string,
  present: ReadonlyMap<string, FileType>,
  declared: readonly ColumnPlan[] | undefined,
): ColumnRead[] {
  if (declared === undefined)
    return [...present].map(([column, file]) => checked(path, { column, file, declared: undefined, nullable: true }))
  return declared.map(({ column, type, nullable }) => {
    const file = present.get(column)
    if (file === undefined) {
      throw contentError('ColumnMissing', path, 0, `${path}: no column ${JSON.stringify(column)}; it has ${[...present.keys()].join(', ')}`)
    }
    return checked(path, { column, file, declared: type as ColumnType, nullable })
  })
}

function checked(path: string, read: ColumnRead): ColumnRead {
  const { column, file, declared } = read
  if (declared !== undefined && !canRead(declared, file)) {
    throw contentError(
      'FileColumn',
      path,
      0,
      `${path}: column ${JSON.stringify(column)} is ${file}, declared ${declared}: declare what it is`,
    )
  }
  if (column === '__proto__')
    throw contentError('FileColumn', path, 0, `${path}: a column named "__proto__" cannot be read: name the others in columns`)
  return read
}
