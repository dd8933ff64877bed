/** Of what a stage may keep in one worker, the part that its exchanges may queue; the rest is its operators'. */
const QUEUE_SHARE = 0.25

/** In bytes, for exchanges. */
export function queueShare(memoryBytes: number): number {
  return memoryBytes * QUEUE_SHARE
}

/** In bytes, for operators. */
export function operatorShare(memoryBytes: number): number {
  return memoryBytes * (1 - QUEUE_SHARE)
}
