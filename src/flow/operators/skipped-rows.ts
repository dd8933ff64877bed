import { MillraceError } from '../../base/errors.js'
import type { LogRecord, SourceLocation } from '../ctx.js'

/** So many of each stage and worker are logged. */
const LOGGED_MAX = 10

export interface SkippedRowsOptions {
  /** The function's name. */
  readonly stage: string
  /** So many may be left out before the run ends: in all workers, and so in this one. */
  readonly maxErrors: number
  readonly worker: number
  log(record: LogRecord): void
}

/** The rows of one stage function that are left out in this worker because it threw. */
export class SkippedRows {
  readonly #options: SkippedRowsOptions
  #count = 0

  constructor(options: SkippedRowsOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#count
  }

  /** @throws MillraceError `TooManyErrors` */
  take(error: Error, source: SourceLocation | undefined): void {
    const { stage, maxErrors, worker, log } = this.#options
    this.#count++
    if (this.#count > maxErrors) throw tooManyErrors(stage, maxErrors, error)
    if (this.#count <= LOGGED_MAX) {
      const { name, message } = error
      log({ level: 'warn', object: { skipped: `${name}: ${message}` }, worker, stage, source })
    }
  }
}

export function tooManyErrors(stage: string, maxErrors: number, cause?: Error): MillraceError {
  return new MillraceError(
    'TooManyErrors',
    `stage "${stage}" failed for more than ${maxErrors} rows (maxErrors)${cause === undefined ? '' : `, the last time with: ${cause.message}`}`,
    cause === undefined ? {} : { cause },
  )
}
