import { rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'
import type { WatchdogData } from './lifeline.js'

/** How long the main thread, where it yields, may take to end by itself. */
const GRACE_MS = 500

/**
 * The program of a thread beside the main thread of a worker process: where the leader is gone and the main thread does not hear of it,
 * since it computes without ever yielding, it clears up and ends the process. It sleeps until then.
 */
const { folder, lifeline: fd } = workerData as WatchdogData
const lifeline = new Socket({ fd, readable: true, writable: false })
lifeline.on('error', () => {})
lifeline.on('close', () =>
  setTimeout(() => {
    rmSync(folder, { recursive: true, force: true })
    process.kill(process.pid, 'SIGKILL')
  }, GRACE_MS),
)
lifeline.resume()
