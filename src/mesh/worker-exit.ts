import { MillraceError } from '../base/errors.js'
import type { PoolWorker } from './pool-worker.js'

/** What Node.js and the system do to a process that they end, in words. */
const SIGNALS: Readonly<Record<string, string>> = {
  SIGABRT: ', as Node.js does where memory is exhausted: what it says of it is in the error output',
  SIGKILL: ', by somebody or by the system for want of memory',
}

/** How a worker ended, in words: its exit code, or the signal that ended its process. */
export function exitOf(code: number | string): string {
  return typeof code === 'number' ? `exited with code ${code}` : `was ended by ${code}${SIGNALS[code] ?? ''}`
}

/** Why a worker that ended in order, without serving, was of no use. */
export function endedUnserved({ id }: PoolWorker): MillraceError {
  return new MillraceError(
    'NotServed',
    `worker ${id} ended before it served: its module has no \`export default serve({ ... })\`, or its factory did not pass the options on`,
  )
}
