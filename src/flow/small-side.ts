import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { isDynamicPattern } from 'tinyglobby'
import { compressionOf } from './sources/compression.js'
import type { FlowParts, Step } from './step.js'

/** The right side of a join goes to every worker where its files have no more bytes than that, and can only get fewer rows on the way. */
const SMALL_BYTES = 4 * 1024 * 1024
/** So many files are looked at; more are not called small. */
const FILES_MAX = 16
/** What compressed text, and columns, may be larger than their file. */
const UNPACKED = 8

const SHRINKING: ReadonlySet<Step['op']> = new Set<Step['op']>([
  'map',
  'filter',
  'limit',
  'sort',
  'groupBy',
  'reduceBy',
  'topPerKey',
  'distinct',
])

/** Whether a side of a join is known to be small before it is read: it is of named files, without wildcards, and they are. Looks at their sizes. */
export function isSmallSide({ input, steps }: FlowParts, cwd: string): boolean {
  if (!('patterns' in input) || !steps.every(({ op }) => SHRINKING.has(op))) return false
  const { patterns, kind } = input
  if (patterns.length > FILES_MAX || patterns.some((pattern) => isDynamicPattern(pattern))) return false
  let bytes = 0
  for (const pattern of patterns) {
    const stats = statSync(resolve(cwd, pattern), { throwIfNoEntry: false })
    if (stats?.isFile() !== true) return false
    const isPacked = kind === 'parquet' || kind === 'arrow' || compressionOf(pattern) !== undefined
    bytes += stats.size * (isPacked ? UNPACKED : 1)
  }
  return bytes <= SMALL_BYTES
}
