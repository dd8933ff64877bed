import { createLogUpdate } from 'log-update'
import type { RunStats } from './load.js'
import type { Shell } from './shell.js'
import { counted, megabytes, seconds } from './units.js'

/** Redrawn ten times a second: faster cannot be read. */
const REDRAW_MS = 100

export interface Progress {
  /** Takes the line away; the next redraw brings it back. */
  clear(): void
  /** Takes the line away for good. */
  stop(): void
}

function progressLine(stats: RunStats): string {
  const parts = [counted(stats.rowsIn, 'row'), megabytes(stats.bytesIn), counted(stats.splitsDone, 'split'), seconds(stats.elapsedMs)]
  return `millrace: ${parts.join(', ')}`
}

/** One line on a terminal's stderr that follows the run; nothing where stderr is not a terminal. */
export function showProgress(shell: Shell, stats: () => RunStats): Progress {
  if (shell.stderr.isTTY !== true) return { clear() {}, stop() {} }
  const line = createLogUpdate(shell.stderr, { showCursor: true })
  const cancel = shell.repeat(() => line(progressLine(stats())), REDRAW_MS)
  return {
    clear: () => line.clear(),
    stop() {
      cancel()
      line.clear()
    },
  }
}
