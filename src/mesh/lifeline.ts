import { Worker } from 'node:worker_threads'

/** The descriptor of a worker process whose other end the leader holds, and nobody writes to: its end is the leader's. */
export const LIFELINE = 4

export interface WatchdogData {
  /** Where the sockets of the pool lie. */
  readonly folder: string
  /** The descriptor to watch. */
  readonly lifeline: number
}

/** Has this process end with its leader, even in the midst of code that never yields. Where no thread can be had, it ends as soon as it yields. */
export function holdLifeline(folder: string): void {
  try {
    startWatchdog({ folder, lifeline: LIFELINE })
  } catch {
    // Neither permissions nor the lack of a thread are a reason not to serve.
  }
}

function startWatchdog(workerData: WatchdogData): void {
  // What the user gives to processes is not for it.
  const options = { workerData, execArgv: [], env: {}, name: 'millrace watchdog' }
  const watchdog = new Worker(new URL('../mesh/watchdog.js', import.meta.url), options)
  watchdog.on('error', () => {})
  watchdog.unref()
}
