import { keyRefusal } from './describe.js'
import { part } from './key.js'
import { recordOf } from './record.js'
import { NESTING_MAX, type Row } from './schema.js'

/**
 * Keys that stand for all columns of a row, whatever their order; a column that is not there is null. Lists and objects are equal where
 * all that is in them is, in objects likewise by name.
 */
export class WholeKeys {
  #names: readonly string[] = []
  #sorted: readonly string[] = []

  /** @throws MillraceError `ColumnType` for a value that no column can hold */
  of(row: Row): string {
    let key = ''
    for (const name of this.#sortedNames(row)) key += member(name, row[name], 0)
    return key
  }

  /** Rows that follow each other mostly have the same columns in the same order. */
  #sortedNames(row: Row): readonly string[] {
    const names = Object.keys(row)
    const last = this.#names
    if (names.length === last.length && names.every((name, index) => name === last[index])) return this.#sorted
    this.#names = names
    this.#sorted = [...names].sort()
    return this.#sorted
  }
}

function member(name: string, value: unknown, depth: number): string {
  return value === null || value === undefined ? '' : `${name.length}:${name}${deepPart(value, name, depth)}`
}

/** As `part`, and lists and objects, so written that they end of themselves. */
function deepPart(value: unknown, name: string, depth: number): string {
  if (typeof value !== 'object') return part(value, name)
  if (Array.isArray(value) && depth < NESTING_MAX) {
    let key = `[${value.length}:`
    for (const element of value) key += deepPart(element, name, depth + 1)
    return key
  }
  const record = recordOf(value)
  if (record === undefined) return part(value, name)
  if (depth === NESTING_MAX) throw keyRefusal(value, name)
  let key = '{'
  for (const inner of Object.keys(record).sort()) key += member(inner, record[inner], depth + 1)
  return `${key}}`
}
