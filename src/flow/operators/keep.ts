import { detachRow } from '../../columnar/detach.js'
import type { Row } from '../../columnar/schema.js'

/** A row to be kept longer than the batch or block of text that it came from. */
export function keepRow(row: Row): Row {
  return detachRow(Object.isFrozen(row) ? { ...row } : row)
}
