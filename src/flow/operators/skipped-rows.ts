import { MillraceError } from '../../base/errors.js'
import { recordOf } from '../../columnar/record.js'
import type { Row } from '../../columnar/schema.js'
import type { LogRecord, SourceLocation } from '../ctx.js'
import type { FailingPlan } from '../plan.js'
import type { FailedRow } from '../row-types.js'
import type { SinkPlan } from '../sink-plan.js'
import type { PartWriter } from '../sinks/part-writer.js'

/** So many of each stage and worker are logged. */
const LOGGED_MAX = 10

interface Logger {
  readonly worker: number
  log(record: LogRecord): void
}

export interface SkippedRowsOptions extends Logger {
  /** The function's name, or the source's kind. */
  readonly stage: string
  /** So many may be left out before the run ends: in all workers, and so in this one. */
  readonly maxErrors: number
  /** Where they are written, if they are. */
  readonly writer?: PartWriter | undefined
}

/** What takes the rows that a function or source named `stage` fails for; undefined where they end the run. */
export async function openSkips(
  { onError, maxErrors = Number.POSITIVE_INFINITY }: FailingPlan,
  stage: string,
  { environment, writerOf }: { readonly environment: Logger; readonly writerOf: (sink: SinkPlan) => Promise<PartWriter> },
): Promise<SkippedRows | undefined> {
  if (onError === undefined) return undefined
  const { worker, log } = environment
  return new SkippedRows({ stage, maxErrors, worker, log, writer: onError === 'skip' ? undefined : await writerOf(onError) })
}

/** The rows that are left out in this worker because a function threw, or the source could not read them. */
export class SkippedRows {
  readonly #options: SkippedRowsOptions
  #count = 0
  #isOver = false

  constructor(options: SkippedRowsOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#count
  }

  /** `row`: what the function was given, or what of it was read. Nothing is taken after the end. @throws MillraceError `TooManyErrors`, `SinkWrite`, `SinkColumn` */
  take(error: Error, source: SourceLocation | undefined, row: unknown): void {
    const { stage, maxErrors, worker, log, writer } = this.#options
    if (this.#isOver) return
    this.#count++
    if (this.#count > maxErrors) throw tooManyErrors(stage, maxErrors, error)
    const text = `${error.name}: ${error.message}`
    if (this.#count <= LOGGED_MAX) log({ level: 'warn', object: { skipped: text }, worker, stage, source })
    writer?.add(failedRow({ stage, text, code: (error as { code?: unknown }).code }, source, row))
  }

  /** There are no more rows: what is written is whole. Throws `SinkWrite`. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#options.writer?.end()
  }
}

function failedRow(error: { stage: string; text: string; code: unknown }, source: SourceLocation | undefined, row: unknown): Row {
  return {
    stage: error.stage,
    error: error.text,
    code: error.code === undefined ? null : String(error.code),
    file: source?.file ?? null,
    offset: source?.offset ?? null,
    row: recordOf(row) ?? null,
  } satisfies FailedRow
}

export function tooManyErrors(stage: string, maxErrors: number, cause?: Error): MillraceError {
  return new MillraceError(
    'TooManyErrors',
    `stage "${stage}" failed for more than ${maxErrors} rows (maxErrors)${cause === undefined ? '' : `, the last time with: ${cause.message}`}`,
    cause === undefined ? {} : { cause },
  )
}
