import { getMaxListeners, setMaxListeners } from 'node:events'

/** What Node.js takes for a leak by default. */
const SUSPICIOUS = 10

/** Listens once for the abort of a signal, which many calls may share: Node.js is told that this is no leak. Returns what takes it back. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  allowMany(signal)
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

function allowMany(signal: AbortSignal): void {
  try {
    if (getMaxListeners(signal) === SUSPICIOUS) setMaxListeners(0, signal)
  } catch {
    // A signal of somebody's own making, whose listeners nobody counts.
  }
}
