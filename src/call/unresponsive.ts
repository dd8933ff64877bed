import { systemClock } from '../base/clock.js'
import { deadline } from '../base/deadline.js'
import { MillraceError } from '../base/errors.js'
import type { ParticipantId } from '../base/ids.js'

export const CANCEL_TIMEOUT_MS = 5000

/** A handler that went on after its call was cancelled. */
export interface UnresponsiveReport {
  readonly handler: string
  readonly worker: number
  /** How long it was waited for, in ms since the cancel. */
  readonly afterMs: number
  /** Whether its worker is replaced, which fails what else is open there; not where handlers run in this thread. */
  readonly isReplaced: boolean
  readonly text: string
}

export interface UnresponsiveOptions {
  readonly cancelTimeoutMs: number
  readonly onUnresponsive: ((report: UnresponsiveReport) => void) | undefined
  /** Ends a worker and has it replaced; false where it is gone. Undefined where workers cannot be. */
  readonly replace: ((worker: ParticipantId, cause: unknown) => boolean) | undefined
}

/** Begins to wait, at its cancel, for something to be over. Returns what to call when it is. */
export function afterCancel(timeoutMs: number, expired: () => void): () => void {
  return timeoutMs === Number.POSITIVE_INFINITY ? () => {} : deadline(expired, timeoutMs, systemClock)
}

/** Judges workers whose handlers go on after a cancel: each is told of once and replaced. */
export class Unresponsive {
  constructor(private readonly options: UnresponsiveOptions) {}

  tell(worker: ParticipantId, handler: string): void {
    const { cancelTimeoutMs: afterMs, replace, onUnresponsive } = this.options
    const text = `the handler '${handler}' of worker ${worker} went on for ${afterMs} ms after it was cancelled`
    const cure = 'look at ctx.cancelled or ctx.signal in it, or raise cancelTimeoutMs'
    if (replace !== undefined && !replace(worker, new MillraceError('Unresponsive', `${text}: ${cure}`))) return
    const isReplaced = replace !== undefined
    const report = { handler, worker, afterMs, isReplaced, text: `${text}${isReplaced ? '; its worker is replaced' : ''}: ${cure}` }
    if (onUnresponsive !== undefined) onUnresponsive(report)
    else process.emitWarning(report.text, { code: 'MILLRACE_UNRESPONSIVE' })
  }
}
