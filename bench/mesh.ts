/** What it costs to make the links of a mesh: the memory of rings is reserved, not touched. */
import { participantId } from '../src/base/ids.js'
import { LIMITS } from '../src/base/limits.js'
import { createLinkSegment } from '../src/mesh/link-layout.js'
import { type Bench, figure, interleaved, timed } from './harness.js'

const WORKERS = 8

/** Each with each, and with the leader, as for an exchange among all workers. */
function makeLinks(): SharedArrayBuffer[] {
  const segments: SharedArrayBuffer[] = []
  const ringBytes = LIMITS.ringBytesDefault
  for (let first = 0; first <= WORKERS; first++) {
    for (let second = first + 1; second <= WORKERS; second++) {
      const link = { first: participantId(first), second: participantId(second), firstRingBytes: ringBytes, secondRingBytes: ringBytes }
      segments.push(createLinkSegment(link).segment as SharedArrayBuffer)
    }
  }
  return segments
}

export const benches: readonly Bench[] = [
  {
    name: 'mesh-links',
    floor: 20,
    aim: 5,
    better: 'lower',
    async run(rounds) {
      const { made } = await interleaved(rounds, { made: () => timed(makeLinks) })
      return figure('mesh-links', 'ms', made, { workers: WORKERS, links: (WORKERS * (WORKERS + 1)) / 2 })
    },
  },
]
