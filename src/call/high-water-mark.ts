import { MillraceError } from '../base/errors.js'
import type { HighWaterMark } from './api.js'
import type { StreamOptions } from './client.js'

const VALUES_MAX = 0xffff

/** Throws `InvalidArgument`. */
export function checkedHighWaterMark(mark: number | HighWaterMark = {}): StreamOptions {
  const { values = 0, bytes } = typeof mark === 'number' ? { values: mark } : mark
  const isLimited = typeof mark === 'number' || mark.values !== undefined
  if (isLimited && !(Number.isInteger(values) && values >= 1 && values <= VALUES_MAX))
    throw refused('values', values, `from 1 to ${VALUES_MAX}`)
  if (bytes !== undefined && !(Number.isInteger(bytes) && bytes >= 1)) throw refused('bytes', bytes, 'from 1')
  return { valuesAhead: values, windowBytes: bytes }
}

function refused(what: string, given: number, allowed: string): MillraceError {
  return new MillraceError('InvalidArgument', `highWaterMark: ${given} ${what}; give a whole number ${allowed}`)
}
