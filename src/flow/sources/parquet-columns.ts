import { parquetSchema, type SchemaElement, type SchemaTree } from 'hyparquet'
import type { ColumnType } from '../column-spec.js'
import type { ColumnPlan } from '../plan.js'
import type { Group } from './parquet-file.js'
import { canRead, type FileType, fileTypeOf } from './parquet-types.js'
import { contentError } from './read-error.js'

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
export function columnReads(path: string, group: Group, declared: readonly ColumnPlan[] | undefined): ColumnRead[] {
  const present = new Map(parquetSchema(group.metadata).children.map((tree) => [tree.element.name, tree]))
  if (declared === undefined)
    return [...present].map(([column, tree]) => checked(path, tree, { column, declared: undefined, nullable: true }))
  return declared.map(({ column, type, nullable }) => {
    const tree = present.get(column)
    if (tree === undefined) {
      throw contentError('ColumnMissing', path, 0, `${path}: no column ${JSON.stringify(column)}; it has ${[...present.keys()].join(', ')}`)
    }
    return checked(path, tree, { column, declared: type as ColumnType, nullable })
  })
}

function checked(path: string, tree: SchemaTree, wanted: Pick<ColumnRead, 'column' | 'declared' | 'nullable'>): ColumnRead {
  const { column, declared } = wanted
  const file = fileTypeOf(tree.element, tree.children.length > 0)
  if (declared !== undefined && !canRead(declared, file)) {
    throw contentError(
      'FileColumn',
      path,
      0,
      `${path}: column ${JSON.stringify(column)} is ${file}, declared ${declared}: declare what it is`,
    )
  }
  if (some(tree, ({ name }) => name === '__proto__')) {
    const where = column === '__proto__' ? 'a column' : `column ${JSON.stringify(column)} has a field`
    throw contentError('FileColumn', path, 0, `${path}: ${where} named "__proto__", which cannot be read: name the others in columns`)
  }
  return { ...wanted, file, hasMaps: some(tree, (element) => element.converted_type === 'MAP') }
}

function some({ element, children }: SchemaTree, holds: (element: SchemaElement) => boolean): boolean {
  return holds(element) || children.some((child) => some(child, holds))
}
