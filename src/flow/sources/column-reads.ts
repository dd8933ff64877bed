import type { FoundColumn } from '../../columnar/int32-columns.js'
import type { ColumnPlan } from '../column-plan.js'
import type { ColumnType } from '../column-spec.js'
import { canRead, type FileType } from './file-types.js'
import { contentError } from './read-error.js'

/** A column of a file. */
export interface PresentColumn {
  readonly file: FileType
  /** Whether it, or a field in it, is named `__proto__`. */
  readonly hasProto: boolean
  /** Whether there are maps in it, whose keys become names. */
  readonly hasMaps: boolean
}

/** One column to read from a file: what it holds there and what it is to be in a row. */
export interface ColumnRead {
  readonly column: string
  readonly file: FileType
  /** Undefined where nothing is declared: by what the file holds, 64-bit integers as numbers. */
  readonly declared: ColumnType | undefined
  readonly nullable: boolean
  /** Whether there are maps in it, whose keys become names. */
  readonly hasMaps: boolean
}

/**
 * The columns to read: the declared ones, checked against the file, or all.
 *
 * @throws MillraceError `ColumnMissing`, `FileColumn`
 */
export function columnReads(
  path: string,
  present: ReadonlyMap<string, PresentColumn>,
  declared: readonly ColumnPlan[] | undefined,
): ColumnRead[] {
  if (declared === undefined)
    return [...present].map(([column, found]) => checked(path, found, { column, declared: undefined, nullable: true }))
  return declared.map(({ column, type, nullable }) => {
    const found = present.get(column)
    if (found === undefined) {
      throw contentError('ColumnMissing', path, 0, `${path}: no column ${JSON.stringify(column)}; it has ${[...present.keys()].join(', ')}`)
    }
    return checked(path, found, { column, declared: type as ColumnType, nullable })
  })
}

/** What the columns hold in a row. */
export function columnsFound(reads: readonly ColumnRead[]): FoundColumn[] {
  return reads.map(({ column, declared, file }) => ({ name: column, type: declared ?? file }))
}

function checked(
  path: string,
  { file, hasProto, hasMaps }: PresentColumn,
  wanted: Pick<ColumnRead, 'column' | 'declared' | 'nullable'>,
): ColumnRead {
  const { column, declared } = wanted
  if (declared !== undefined && !canRead(declared, file)) {
    throw contentError(
      'FileColumn',
      path,
      0,
      `${path}: column ${JSON.stringify(column)} is ${file}, declared ${declared}: declare what it is`,
    )
  }
  if (hasProto) {
    const where = column === '__proto__' ? 'a column' : `column ${JSON.stringify(column)} has a field`
    throw contentError('FileColumn', path, 0, `${path}: ${where} named "__proto__", which cannot be read: name the others in columns`)
  }
  return { ...wanted, file, hasMaps }
}
