import type { Clock } from './clock.js'

/** Resolves when `promise` does, or after `timeoutMs`; says whether the promise was the first. */
export async function within(promise: Promise<unknown>, timeoutMs: number, clock: Pick<Clock, 'schedule'>): Promise<boolean> {
  let cancel = () => {}
  const timeout = new Promise<boolean>((resolve) => {
    cancel = clock.schedule(() => resolve(false), timeoutMs)
  })
  const inTime = await Promise.race([promise.then(() => true), timeout])
  cancel()
  return inTime
}
