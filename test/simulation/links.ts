import { LIMITS } from '../../src/base/limits.js'
import { CONTROL_RECORD_BYTES } from '../../src/frame/kinds.js'
import { createLinkSegment } from '../../src/mesh/link-layout.js'
import { createSelfLink } from '../../src/mesh/memory-link.js'
import { attachLink } from '../../src/mesh/ring-link.js'
import type { LinkEnd } from '../../src/stream/link-end.js'
import { P } from '../support/test-source.js'
import type { World } from './world.js'

/** So near to the end of u32 that most runs pass it. */
const START_POSITION = 2 ** 32 - LIMITS.ringBytesMin / 4

const OPERATIONS = ['tryWrite', 'publish', 'wantRoom', 'next', 'release', 'hasMore', 'trySend']

/** Every operation is a moment at which others may act; whoever is dead finds nothing and writes nothing. */
function operate(world: World, self: number, port: object): void {
  const operations = port as Record<string, ((...args: unknown[]) => unknown) | undefined>
  for (const name of OPERATIONS) {
    const real = operations[name]?.bind(port)
    if (real === undefined) continue
    operations[name] = (...args) => (world.operates(self) ? real(...args) : undefined)
  }
}

/** A turn that began before what there is now was published. */
function lookEarly(world: World, self: number, { inlet }: LinkEnd['controls']): void {
  const next = inlet.next.bind(inlet)
  inlet.next = () => (world.seats[self].isStale ? undefined : next())
}

function simulated(world: World, self: number, end: LinkEnd): LinkEnd {
  const { frames, controls } = end
  for (const port of new Set<object>([frames.outlet, frames.inlet, controls.outlet, controls.inlet])) operate(world, self, port)
  lookEarly(world, self, controls)
  // What GOODBYE overtook on the control ring is nobody's any more.
  world.watch(self, () => frames.inlet.hasMore())
  return {
    ...end,
    wakePeer: () => {
      if (world.operates(self)) end.wakePeer()
    },
    fail: () => {
      if (world.operates(self)) end.fail()
    },
  }
}

/** As many records fit the control ring as the scenario says, which may be fewer than any real one holds. */
function narrow(end: LinkEnd, records: number): LinkEnd {
  const { ring } = end.controls.outlet as unknown as { ring: { capacity: number } }
  ring.capacity = Math.min(ring.capacity, records * CONTROL_RECORD_BYTES)
  return end
}

export interface LinkSizes {
  readonly ringBytes: number
  readonly backRingBytes: number
  readonly controlRecords: number
}

/** Both ends of a link between two participants of a world, over rings; of one to itself, over queues. */
export function link(world: World, a: number, b: number, sizes: LinkSizes): [LinkEnd, LinkEnd] {
  if (a === b) {
    const end = simulated(
      world,
      a,
      createSelfLink(() => world.seats[a].schedule(), sizes.ringBytes),
    )
    return [end, end]
  }
  const [first, second] = [P(Math.min(a, b)), P(Math.max(a, b))]
  const { ringBytes: firstRingBytes, backRingBytes: secondRingBytes, controlRecords } = sizes
  const segment = createLinkSegment({ first, second, firstRingBytes, secondRingBytes }, START_POSITION)
  const member = (who: number) => ({
    get isDead() {
      return world.seats[who].status.isDead
    },
    wake: () => world.seats[who].sleep.wake(() => world.ring(who)),
  })
  const end = (self: number, other: number): LinkEnd =>
    simulated(world, self, narrow(attachLink(segment, P(self), member(other)), controlRecords))
  return [end(a, b), end(b, a)]
}
