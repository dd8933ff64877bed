import { isMainThread } from 'node:worker_threads'
import { type Birth, bornInThread } from './thread-birth.js'

/** Where this thread or process was started by a pool, its worker side; undefined everywhere else. To be called once. */
export async function bornInPool(): Promise<Birth | undefined> {
  if (!isMainThread) return bornInThread()
  // A thread does without what only a process needs.
  const { bornInProcess } = await import('./process-birth.js')
  return bornInProcess()
}
