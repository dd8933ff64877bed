import type { StallReport } from '../mesh/stall-report.js'
import type { CallLogLevel } from './handlers.js'
import { readOne } from './value-reader.js'

/** One `ctx.log` of a handler. */
export interface CallLogRecord {
  readonly level: CallLogLevel
  readonly object: unknown
  readonly worker: number
  /** Its name; `stall` where it is a report of a stall, `bridge` where somebody was sent away who connected to a socket of the leader. */
  readonly handler: string
  /** How many records of that worker were dropped before this one, because too many were on their way. */
  readonly dropped: number
}

export type OnLog = (record: CallLogRecord) => void

/** What workers log, for `onLog`. */
export function logged(onLog: OnLog | undefined): ((record: Uint8Array, dropped: number) => void) | undefined {
  return onLog && ((record, dropped) => onLog({ ...(readOne(record) as Omit<CallLogRecord, 'dropped'>), dropped }))
}

/** Who listens to stalls: `onStall` and the log. */
export function stallListener(
  onStall: ((report: StallReport) => void) | undefined,
  onLog: OnLog | undefined,
): ((report: StallReport) => void) | undefined {
  if (onStall === undefined && onLog === undefined) return undefined
  return (report) => {
    onStall?.(report)
    onLog?.({ level: 'warn', object: report.text, worker: 0, handler: 'stall', dropped: 0 })
  }
}

/** Who listens to those who were sent away: the log. */
export function refusalListener(onLog: OnLog | undefined): ((why: string, worker: number) => void) | undefined {
  return (
    onLog && ((why, worker) => onLog({ level: 'warn', object: `a connection was refused: ${why}`, worker, handler: 'bridge', dropped: 0 }))
  )
}
