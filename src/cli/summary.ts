import type { RunStats } from './load.js'
import { counted, megabytes, seconds } from './units.js'

export interface Summary extends Pick<RunStats, 'rowsIn' | 'bytesIn' | 'rowsOut' | 'workers' | 'elapsedMs'> {
  /** How long the main thread's event loop was held up at most. */
  readonly stallMs: number
}

/** One line about a run that has ended. */
export function summaryLine(summary: Summary): string {
  const parts = [
    `${counted(summary.rowsIn, 'row')} in (${megabytes(summary.bytesIn)})`,
    `${counted(summary.rowsOut, 'row')} out`,
    counted(summary.workers, 'worker'),
    seconds(summary.elapsedMs),
    `longest stall of the main thread ${summary.stallMs.toFixed(1)} ms`,
  ]
  return parts.join(', ')
}
