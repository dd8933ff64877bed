import { inspect } from 'node:util'
import { isNativeError } from 'node:util/types'
import { MillraceError } from '../../base/errors.js'
import type { SourceLocation } from '../ctx.js'

/**
 * What to throw for something that a user's function threw: that very error, with own properties `stage`, `file` and `offset`
 * where it has none of that name. What cannot carry them (not an error, or not extensible) becomes the cause of a `StageThrew`.
 */
export function blame(thrown: unknown, stage: string, source: SourceLocation | undefined): Error {
  if ((isNativeError(thrown) || thrown instanceof Error) && Object.isExtensible(thrown)) return attach(thrown, stage, source)
  const shown = thrown instanceof Error ? thrown.message : inspect(thrown, { depth: 1, breakLength: Number.POSITIVE_INFINITY })
  return attach(new MillraceError('StageThrew', `stage "${stage}" threw ${shown}`, { cause: thrown }), stage, source)
}

function attach(error: Error, stage: string, source: SourceLocation | undefined): Error {
  const known = source === undefined ? { stage } : { stage, file: source.file, offset: source.offset }
  for (const [key, value] of Object.entries(known)) {
    if (!Object.hasOwn(error, key)) Object.defineProperty(error, key, { value, enumerable: true, writable: true, configurable: true })
  }
  return error
}
