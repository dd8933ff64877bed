import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { MillraceError } from '../base/errors.js'
import { checkBetween } from './number-option.js'

/** What one worker may have on disk for a run, by default (16 GiB). */
export const SPILL_BYTES_DEFAULT: number = 16 * 1024 ** 3

/** Where a run's rows go that have no room in memory. */
export interface SpillTerms {
  readonly folder: string
  /** For each worker. */
  readonly limitBytes: number
}

/** The options of a run that are about spilling; undefined: it is not wanted. @throws MillraceError `InvalidArgument` */
export function resolveSpill(
  options: { readonly spill?: boolean; readonly spillFolder?: string; readonly spillBytes?: number },
  cwd: string,
): SpillTerms | undefined {
  const { spill = true, spillFolder = tmpdir(), spillBytes = SPILL_BYTES_DEFAULT } = options
  checkBetween('spillBytes', spillBytes, 1, Number.MAX_SAFE_INTEGER)
  if (typeof spill !== 'boolean') throw new MillraceError('InvalidArgument', `spill must be true or false, got ${String(spill)}`)
  if (typeof spillFolder !== 'string' || spillFolder === '') {
    throw new MillraceError('InvalidArgument', `spillFolder must be the path of a folder, got ${JSON.stringify(spillFolder)}`)
  }
  return spill ? { folder: resolve(cwd, spillFolder), limitBytes: spillBytes } : undefined
}
