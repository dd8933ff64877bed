import { MemoryControls } from '../frame/memory-controls.js'
import { MemoryFrames } from '../frame/memory-frames.js'
import type { LinkCondition, LinkEnd } from '../stream/link-end.js'

/** A link within one thread: both its ends. `wake` asks for a turn of that thread's loop. */
export function createMemoryLink(wake: () => void, ringBytes?: number): [LinkEnd, LinkEnd] {
  const frames = [new MemoryFrames(ringBytes), new MemoryFrames(ringBytes)]
  const controls = [new MemoryControls(), new MemoryControls()]
  let condition: LinkCondition = 'open'
  const end = (out: 0 | 1): LinkEnd => ({
    frames: { outlet: frames[out], inlet: frames[1 - out] },
    controls: { outlet: controls[out], inlet: controls[1 - out] },
    wakePeer: wake,
    condition: () => condition,
    fail: () => {
      condition = 'failed'
    },
    release: () => {},
  })
  return [end(0), end(1)]
}

/** A participant's link to itself: what it writes it reads, in a later turn. */
export function createSelfLink(wake: () => void, ringBytes?: number): LinkEnd {
  const frames = new MemoryFrames(ringBytes)
  const controls = new MemoryControls()
  let condition: LinkCondition = 'open'
  return {
    frames: { outlet: frames, inlet: frames },
    controls: { outlet: controls, inlet: controls },
    wakePeer: wake,
    condition: () => condition,
    fail: () => {
      condition = 'failed'
    },
    release: () => {},
  }
}
