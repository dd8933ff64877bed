import { inspect } from 'node:util'
import { MillraceError } from '../../base/errors.js'
import type { Ctx, LogLevel, LogRecord, SourceLocation } from '../ctx.js'
import type { Reducer } from '../reducer.js'
import type { AnyFunction } from '../stage-function.js'
import type { Deadline } from './deadline.js'
import type { SkippedRows } from './skipped-rows.js'
import { blame } from './stage-error.js'

/** What a worker lends to its stage functions. */
export interface StageEnvironment {
  readonly worker: number
  readonly signal: AbortSignal
  cancelled(): boolean
  log(record: LogRecord): void
  /** Where the row being worked on came from: the source cursor. */
  readonly location?: { readonly current?: SourceLocation | undefined; readonly splitId?: string | undefined }
}

/** The second argument of one stage function: one object for its whole life, whose `source` follows the rows. */
export class StageContext implements Ctx {
  readonly params: unknown
  state: unknown = undefined
  readonly worker: number
  readonly signal: AbortSignal
  readonly log: (level: LogLevel, object: unknown) => void
  readonly #stage: string
  readonly #environment: StageEnvironment
  #fixed: { readonly source: SourceLocation | undefined; readonly splitId: string | undefined } | undefined

  constructor(stage: string, params: unknown, environment: StageEnvironment) {
    this.params = params
    this.#stage = stage
    this.worker = environment.worker
    this.signal = environment.signal
    this.#environment = environment
    this.log = (level, object) => environment.log({ level, object, worker: environment.worker, stage, source: this.source })
  }

  get source(): SourceLocation | undefined {
    return this.#fixed === undefined ? this.#environment.location?.current : this.#fixed.source
  }

  get splitId(): string | undefined {
    return this.#fixed === undefined ? this.#environment.location?.splitId : this.#fixed.splitId
  }

  get cancelled(): boolean {
    return this.#environment.cancelled()
  }

  /** The same, whose source stays that of the row being worked on: for a call that goes on while others begin. */
  ofThisRow(): StageContext {
    const { source, splitId } = this
    const context = new StageContext(this.#stage, this.params, this.#environment)
    context.state = this.state
    context.#fixed = { source, splitId }
    return context
  }
}

/** A stage function ready to be called. */
export interface StageCall {
  /** The function's name, as errors give it. */
  readonly stage: string
  readonly fn: AnyFunction
  readonly ctx: StageContext
  /** Takes what fails where such rows are left out; undefined: an error ends the run. */
  readonly skips?: SkippedRows | undefined
  /** How long one call may take, if that is limited. */
  readonly deadline?: Deadline | undefined
  /** What the function is the `step` of, where it is one. */
  readonly reducer?: Reducer | undefined
}

/** The error of a call, to be thrown. */
export function callError(call: StageCall, thrown: unknown, source: SourceLocation | undefined = call.ctx.source): Error {
  return blame(thrown, call.stage, source)
}

/** The function threw for what it was given: that is left out where this was asked for, else this throws. */
export function leaveOut(call: StageCall, thrown: unknown, given: unknown, source: SourceLocation | undefined = call.ctx.source): void {
  const error = callError(call, thrown, source)
  if (call.skips === undefined) throw error
  call.skips.take(error, source, given)
}

/** Throws where a stage's result is not a row. A plain object passes by one look at its constructor. */
export function checkRow(call: StageCall, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw resultError(call, value)
  if ((value as { constructor: unknown }).constructor === Object) return
  if (isPromiseLike(value)) {
    throw callError(call, new MillraceError('StageAsync', `stage "${call.stage}" returned a promise: stage functions are synchronous`))
  }
  const other =
    Array.isArray(value) || value instanceof Date || value instanceof Map || value instanceof Set || value instanceof ArrayBuffer
  if (other || ArrayBuffer.isView(value)) throw resultError(call, value)
}

export function resultError(call: StageCall, value: unknown, wanted: string = 'a row, that is a plain object'): Error {
  const shown = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 40 })
  return callError(call, new MillraceError('StageResult', `stage "${call.stage}" must give ${wanted}, not ${shown}`))
}

export function isPromiseLike(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
