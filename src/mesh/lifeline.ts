import { Worker } from 'node:worker_threads'

/** The descriptor of a worker process whose other end the leader holds, and nobody writes to: its end is the leader's. */
export const LIFELINE = 4

export interface WatchdogData {
  /** Where the sockets of the pool lie. */
  readonly folder: string
  /** The descriptor to watch. */
  readonly lifeline: number
}

/** Has this process end with its leader, even in the midst of code that never yields. */
export function holdLifeline(folder: string): void {
  const workerData: WatchdogData = { folder, lifeline: LIFELINE }
  // What the user gives to processes is not for it.
  const watchdog = new Worker(new URL('../mesh/watchdog.js', import.meta.url), {
    workerData,
    execArgv: [],
    env: {},
    name: 'millrace watchdog',
  })
  // Where no thread can be had the process ends with its leader as soon as it yields.
  watchdog.on('error', () => {})
  watchdog.unref()
}
