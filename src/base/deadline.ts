import type { Clock } from './clock.js'
import { macrotask } from './macrotask.js'

/**
 * Calls `expired` after `delayMs`, unless the returned function was called before. A thread that was blocked runs its timers first: so it
 * looks once more, when what lies unread then was read.
 */
export function deadline(expired: () => void, delayMs: number, clock: Pick<Clock, 'schedule'>): () => void {
  let isOver = false
  const judge = async (): Promise<void> => {
    await macrotask()
    await macrotask()
    if (!isOver) expired()
  }
  const takeBack = clock.schedule(() => void judge(), delayMs)
  return () => {
    isOver = true
    takeBack()
  }
}
