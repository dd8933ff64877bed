import { MillraceError } from '../base/errors.js'
import { refuseProto } from './aggregates.js'

/** At least one column, each once. Throws `InvalidArgument`. */
export function columnList(columns: string | readonly string[], where: string): string[] {
  const list = typeof columns === 'string' ? [columns] : [...columns]
  if (list.length === 0) throw new MillraceError('InvalidArgument', `${where}: name at least one column`)
  for (const column of list) {
    if (typeof column !== 'string') throw new MillraceError('InvalidArgument', `${where}: a column is named by text, got ${typeof column}`)
    refuseProto(column, where)
  }
  if (new Set(list).size < list.length) throw new MillraceError('InvalidArgument', `${where}: a column is named twice: ${list.join(', ')}`)
  return list
}
